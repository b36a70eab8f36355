"""What the tests of the sources share: which files are ours, and small readers of their syntax trees."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ADDONS = sorted(path.parent for path in ROOT.glob("ar_*/__manifest__.py"))
ADDON_NAMES = {addon.name for addon in ADDONS}


def tracked_files():
    """Return every file of the repository, those not yet added included."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")
    return sorted({ROOT / name for name in names if name and (ROOT / name).is_file()})


def python_files(*folders):
    """Return our Python sources below the given folders of each addon, or all of each addon's."""
    return sorted(
        p for addon in ADDONS for folder in folders or (".",) for p in (addon / folder).rglob("*.py")
    )


def name(path):
    """Return a path as people write it."""
    return path.relative_to(ROOT).as_posix()


@cache
def lines(path):
    """Return the lines of a text file."""
    return path.read_text(encoding="utf-8").splitlines()


@cache
def parse(path):
    """Return the syntax tree of a Python file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def manifest(addon):
    """Return the manifest of an addon's folder."""
    return ast.literal_eval((addon / "__manifest__.py").read_text(encoding="utf-8"))


def _absolute(node, path):
    if not node.level:
        return node.module
    package = ["odoo", "addons", *path.relative_to(ROOT).parts[:-1]]
    return ".".join([*package[: len(package) - (node.level - 1)], *([node.module] if node.module else [])])


def imports(path):
    """Yield (line, dotted module) of every import, relative ones resolved; `from a import b` as a, a.b."""
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(node, path)
            yield node.lineno, module
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def our_module(module):
    """Return (addon, folder) of `odoo.addons.ar_x.folder...`, else (None, None)."""
    parts = [*module.split("."), "", "", ""]
    return tuple(parts[2:4]) if parts[:2] == ["odoo", "addons"] and parts[2] in ADDON_NAMES else (None, None)


def nodes(path, *kinds):
    """Return the nodes of some kinds in a file."""
    return [node for node in ast.walk(parse(path)) if isinstance(node, kinds)]


def class_values(node):
    """Return the plain values assigned in a class body; what cannot be read as a literal is None."""
    values = {}
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    values[target.id] = _literal(statement.value)
    return values


def _literal(node):
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def assert_none(offenders, rule):
    """Fail with all offenders, one a line."""
    offenders = sorted(set(offenders))
    assert not offenders, f"{rule}:\n  " + "\n  ".join(offenders)
