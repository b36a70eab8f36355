"""The layers of design.md, read from the sources: core/ computes, addons know only those below them."""

import ast
import re
from itertools import pairwise

from .sources import (
    ADDON_NAMES,
    ADDONS,
    ROOT,
    assert_none,
    imports,
    lines,
    manifest,
    name,
    nodes,
    our_module,
    python_files,
)

# Which of our addons each may import, depend on or name. Layers run one way.
MAY_USE = {
    "ar_credit_control": set(),
    "ar_credit_control_stock": {"ar_credit_control"},
    "ar_credit_control_website_sale": {"ar_credit_control"},
    "ar_payment_gateways": set(),
    "ar_collections": {"ar_credit_control", "ar_payment_gateways"},
}

# What core/ may import: values and arithmetic, nothing that reads a clock, a file, a socket or a database.
CORE_IMPORTS = set(
    """
    __future__ abc base64 binascii bisect calendar collections csv dataclasses datetime decimal difflib enum
    fractions functools hashlib heapq hmac io ipaddress itertools json math operator re secrets statistics string
    struct textwrap types typing unicodedata urllib.parse xml.etree.ElementTree zipfile zlib zoneinfo
    cryptography lxml qrcode stdnum
    """.split()
)
# Clocks and consoles: their value is handed in, so that the same input always gives the same output.
CORE_IMPURE_CALLS = {"date.today", "datetime.now", "datetime.today", "datetime.utcnow", "open", "input"}

REQUIRED_FILES = """
    __init__.py core/__init__.py models/__init__.py
    security/ir.model.access.csv security/{addon}_groups.xml security/{addon}_rules.xml
    views/menus.xml views/res_config_settings_views.xml
    i18n/{addon}.pot i18n/zh_CN.po
    static/description/icon.png static/description/icon.svg static/description/index.html
    readme/DESCRIPTION.md readme/CONFIGURE.md readme/USAGE.md
""".split()
# A glue addon joins ours with one of Odoo's where both are installed: it brings no roles, menus or settings, and may
# have nothing but a view that says what the addon it depends on has words for.
NOT_IN_GLUE = ("core/", "security/", "views/", "models/", "i18n/")


def test_it_looks_at_the_addons():
    assert set(MAY_USE) == ADDON_NAMES, "a new addon needs its place in the layers (MAY_USE)"
    assert len(python_files()) >= 3 * len(ADDONS)


def _allowed_in_core(module, own):
    addon, folder = our_module(module)
    if addon:
        return folder == "core" and addon in MAY_USE[own] | {own}
    parts = module.split(".")
    return any(".".join(parts[:count]) in CORE_IMPORTS for count in range(1, len(parts) + 1)) or (
        # `from urllib import parse` is listed as urllib and as urllib.parse
        any(allowed.startswith(f"{module}.") for allowed in CORE_IMPORTS)
    )


def test_core_imports_only_what_computes():
    assert_none(
        (
            f"{name(path)}:{line}: {module}"
            for path in python_files("core")
            for line, module in imports(path)
            if not _allowed_in_core(module, path.relative_to(ROOT).parts[0])
        ),
        "core/ imports Odoo or something that reads the outside world",
    )


def test_core_reads_no_clock_and_no_file():
    assert_none(
        (
            f"{name(path)}:{call.lineno}: {ast.unparse(call.func)}()"
            for path in python_files("core")
            for call in nodes(path, ast.Call)
            if ".".join(ast.unparse(call.func).split(".")[-2:]) in CORE_IMPURE_CALLS
        ),
        "core/ must be handed the value instead",
    )


def test_addons_depend_one_way():
    assert_none(
        (
            f"{addon.name} depends on {used}"
            for addon in ADDONS
            for used in (set(manifest(addon)["depends"]) & ADDON_NAMES) - MAY_USE[addon.name]
        ),
        "layers run one way",
    )


def _why_not(path, module):
    own, folder, *_rest = path.relative_to(ROOT).parts
    addon, target = our_module(module)
    if module.split(".")[0] == "tests" or target == "tests":
        return "code imports tests"
    if addon and addon not in MAY_USE[own] | {own}:
        return f"{own} must not know {addon}"
    if target == "controllers" and folder in ("models", "wizards", "report", "core"):
        return f"{folder}/ imports controllers/"
    if target in ("wizards", "report") and folder in ("models", "core"):
        return f"{folder}/ imports {target}/"
    return None


def test_imports_run_one_way():
    assert_none(
        (
            f"{name(path)}:{line}: {module} ({why})"
            for path in python_files()
            for line, module in imports(path)
            if (why := _why_not(path, module))
        ),
        "layers run one way",
    )


def test_an_addon_names_no_record_of_a_layer_above():
    """An external id of an addon that is not in `depends` breaks the installation of this one alone."""
    wrong = []
    for addon in ADDONS:
        strangers = ADDON_NAMES - MAY_USE[addon.name] - {addon.name}
        pattern = re.compile(rf"\b({'|'.join(sorted(strangers)) or '(?!)'})\.\w")
        for path in (p for kind in ("py", "xml", "csv", "js") for p in addon.rglob(f"*.{kind}")):
            found = ((n, line) for n, line in enumerate(lines(path), 1) if pattern.search(line))
            wrong += [f"{name(path)}:{number}: {line.strip()[:90]}" for number, line in found]
    assert_none(wrong, "named without depending on it")


def test_every_module_is_imported():
    """A file that its package's __init__ does not import is dead, and nothing says so."""
    wrong = []
    for path in python_files("models", "wizards", "report", "controllers"):
        dotted = f"odoo.addons.{name(path).removesuffix('.py').replace('/', '.')}"
        if path.name != "__init__.py" and dotted not in {
            m for _line, m in imports(path.parent / "__init__.py")
        }:
            wrong.append(name(path))
    assert_none(wrong, "not imported by the __init__.py beside it")


def test_an_addon_is_complete():
    wanted = [
        addon / pattern.format(addon=addon.name)
        for addon in ADDONS
        for pattern in REQUIRED_FILES
        if not (manifest(addon).get("auto_install") and pattern.startswith(NOT_IN_GLUE))
    ]
    assert_none((name(path) for path in wanted if not path.is_file()), "missing")


def test_manifests_load_security_then_data_then_views_then_menus():
    """Templates, and the data of payment providers that refers to them, come where Odoo's own addons have them."""
    order = {"security": 0, "data": 1, "report": 2, "wizards": 2, "views": 2}
    wrong = []
    for addon in ADDONS:
        files = [
            f
            for f in manifest(addon).get("data", [])
            if not f.endswith(("_templates.xml", "/payment_provider_data.xml"))
        ]
        ranks = [(3 if f.endswith("menus.xml") else order[f.split("/")[0]], f) for f in files]
        wrong += [f"{addon.name}: {after[1]}" for before, after in pairwise(ranks) if after[0] < before[0]]
        assert manifest(addon)["license"] == "LGPL-3"
    assert_none(wrong, "loaded too late")
