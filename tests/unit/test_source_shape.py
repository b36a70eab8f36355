"""Sizes, names and docstrings: what keeps a file readable in one sitting."""

import ast

from .sources import ROOT, assert_none, class_values, lines, name, nodes, parse, python_files, tracked_files

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 40
# Offenders that are right as they are, each with the reason. Empty is the aim.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}  # "file:function"

MODEL_BASES = {"Model", "AbstractModel", "TransientModel"}
# Overrides whose meaning is Odoo's.
ORM_METHODS = {"create", "write", "unlink", "copy", "copy_data", "default_get", "init", "fields_get", "read"}


def test_files_fit_in_a_head():
    scripts = [path for path in tracked_files() if path.suffix in (".py", ".js", ".scss", ".sh")]
    assert_none(
        (
            f"{name(path)}: {len(lines(path))} lines"
            for path in scripts
            if len(lines(path)) > MAX_FILE_LINES and name(path) not in LONG_FILES
        ),
        f"longer than {MAX_FILE_LINES} lines, so it usually holds two things",
    )


def _lines_of(function):
    """Return the lines of a function, a docstring or SQL statement of many lines counted as one."""
    texts = [n for n in ast.walk(function) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return function.end_lineno - function.lineno + 1 - sum(n.end_lineno - n.lineno for n in texts)


def test_functions_fit_on_a_screen():
    assert_none(
        (
            f"{name(path)}:{node.lineno}: {node.name} has {_lines_of(node)} lines"
            for path in (path for path in tracked_files() if path.suffix == ".py")
            for node in nodes(path, ast.FunctionDef, ast.AsyncFunctionDef)
            if _lines_of(node) > MAX_FUNCTION_LINES and f"{name(path)}:{node.name}" not in LONG_FUNCTIONS
        ),
        f"longer than {MAX_FUNCTION_LINES} lines, so it usually does two things",
    )


def test_the_lists_of_exceptions_are_not_stale():
    listed = [*LONG_FILES, *(key.split(":")[0] for key in LONG_FUNCTIONS)]
    assert_none((path for path in listed if not (ROOT / path).exists()), "listed, but gone")


def _models(path):
    """Yield (model, whether the class only extends it) of the Odoo models in a file."""
    for node in parse(path).body:
        bases = {ast.unparse(base).split(".")[-1] for base in getattr(node, "bases", ())}
        if isinstance(node, ast.ClassDef) and bases & MODEL_BASES:
            values = class_values(node)
            inherit = values.get("_inherit")
            own = values.get("_name")
            yield own or (inherit[0] if isinstance(inherit, list) else inherit), not own


def _fits(stem, model, extends):
    """Whether a file may hold a model: res_partner.py, and ar_credit_hold_decision.py for a part of a long one."""
    name_of_model = model.replace(".", "_")
    if model.startswith("report."):  # report.<addon>.<template>: named after the template
        return stem in (name_of_model, model.split(".")[-1])
    return stem == name_of_model or (extends and stem.startswith(f"{name_of_model}_"))


def test_one_model_a_file_named_after_it():
    wrong = []
    for path in python_files("models", "wizards", "report"):
        models = list(_models(path))
        if len(models) > 1 or any(not _fits(path.stem, *model) for model in models):
            wrong.append(f"{name(path)} holds {', '.join(model for model, _extends in models)}")
    assert_none(wrong, "one model a file, the file named after it")


def _public(tree, prefix=""):
    """Yield public classes, functions and methods with their dotted names; not those inside functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            yield node, prefix + node.name
            if isinstance(node, ast.ClassDef):
                yield from _public(node, f"{prefix}{node.name}.")


def test_core_says_what_it_does():
    wrong = []
    for path in python_files("core"):
        tree = parse(path)
        wrong += [
            f"{name(path)}:{n.lineno}: {dotted}" for n, dotted in _public(tree) if not ast.get_docstring(n)
        ]
        if tree.body and not ast.get_docstring(tree):
            wrong.append(f"{name(path)}: the module itself")
    assert_none(wrong, "no docstring")


def test_models_say_what_they_are():
    wrong = []
    for path in python_files("models", "wizards", "report", "controllers"):
        for node in (node for node in parse(path).body if isinstance(node, ast.ClassDef)):
            if "_name" in class_values(node) and not ast.get_docstring(node):
                wrong.append(f"{name(path)}:{node.lineno}: {node.name}")
            wrong += [
                f"{name(path)}:{method.lineno}: {node.name}.{dotted}"
                for method, dotted in _public(node)
                if isinstance(method, ast.FunctionDef)
                and dotted not in ORM_METHODS
                and not ast.get_docstring(method)
            ]
    assert_none(wrong, "no docstring")
