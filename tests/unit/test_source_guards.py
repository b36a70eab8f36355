"""Constructs that guard money, data or the reader, and so need a reason, a log line or another way."""

import ast
import re

from .sources import assert_none, lines, name, nodes, parse, python_files, tracked_files

# Put together here, so that this file does not name them either.
REGISTRY_HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("proxy", "golang", "org"),
        ("crates", "io"),
        ("rubygems", "org"),
        ("docker", "io"),
        ("deb", "debian", "org"),
    )
]


def _commented(path, *numbers):
    """Whether one of these lines (from 1) has a comment, or the line above it is one."""
    text = lines(path)
    return any("#" in text[n - 1] or (n > 1 and text[n - 2].lstrip().startswith("#")) for n in numbers)


def _raises_rights(call):
    """Whether a call is `.sudo()` or `.with_user(SUPERUSER_ID)`; `.sudo(env.su)` gives rights back."""
    if not isinstance(call.func, ast.Attribute):
        return False
    if call.func.attr == "with_user":
        return "SUPERUSER" in ast.unparse(call)
    return call.func.attr == "sudo" and not call.args


def _statement_of(path):
    """Map each node of a file to the line of the smallest statement that holds it."""
    first_line = {}
    for statement in ast.walk(parse(path)):  # outer statements come first, inner ones then overwrite
        if isinstance(statement, ast.stmt):
            first_line.update((node, statement.lineno) for node in ast.walk(statement))
    return first_line


def test_every_sudo_has_its_reason():
    wrong = []
    for path in python_files():
        statement_line = _statement_of(path)
        for call in nodes(path, ast.Call):
            if _raises_rights(call) and not _commented(path, call.func.end_lineno, statement_line[call]):
                wrong.append(
                    f"{name(path)}:{call.func.end_lineno}: {lines(path)[call.func.end_lineno - 1].strip()}"
                )
    assert_none(wrong, "no reason on its line or the line above")


def _broad(handler):
    caught = {ast.unparse(n) for n in ast.walk(handler.type)} if handler.type else {"BaseException"}
    return caught & {"Exception", "BaseException"}


def _logs_or_raises(handler):
    return any(
        isinstance(node, ast.Raise)
        or (isinstance(node, ast.Call) and re.fullmatch(r"_?logger\.\w+", ast.unparse(node.func)))
        for node in ast.walk(handler)
    )


def test_nobody_swallows_every_exception():
    assert_none(
        (
            f"{name(path)}:{handler.lineno}"
            for path in python_files()
            for handler in nodes(path, ast.ExceptHandler)
            if _broad(handler) and not (_commented(path, handler.lineno) and _logs_or_raises(handler))
        ),
        "a broad except needs a reason and must log or raise",
    )


def _sql_by_hand(call):
    """Whether a call hands PostgreSQL a string that `odoo.tools.SQL` did not build.

    `SQL(x)` of a computed x is as bad as `cr.execute(x)`, but for `SQL(", ").join` and names of constants.
    """
    called = ast.unparse(call.func)
    first = call.args[0] if call.args else None
    if re.search(r"\bcr\.(execute|executemany|mogrify)$", called):
        return not (isinstance(first, ast.Call) and ast.unparse(first.func).split(".")[-1] == "SQL")
    return called.split(".")[-1] == "SQL" and isinstance(first, ast.JoinedStr | ast.BinOp | ast.Call)


def test_sql_goes_through_odoo():
    assert_none(
        (
            f"{name(path)}:{call.lineno}: {ast.unparse(call)[:90]}"
            for path in python_files()
            for call in nodes(path, ast.Call)
            if _sql_by_hand(call)
        ),
        "env.execute_query(SQL(...)) flushes and quotes",
    )


def test_nobody_commits():
    assert_none(
        (
            f"{name(path)}:{node.lineno}: {ast.unparse(node)}"
            for path in python_files()
            for node in nodes(path, ast.Attribute)
            if re.search(r"\bcr\.(commit|rollback)$", ast.unparse(node)) and not _commented(path, node.lineno)
        ),
        "only ir.cron's _commit_progress commits; anything else says why",
    )


def test_no_file_names_a_package_registry():
    wrong = []
    for path in tracked_files():
        text = path.read_bytes().decode("utf-8", "ignore")
        wrong += [f"{name(path)}: {host}" for host in REGISTRY_HOSTS if host in text]
    assert_none(wrong, "packages come from where the machine's own configuration says")
