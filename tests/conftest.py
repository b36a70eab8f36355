"""Make `odoo.addons.ar_x` importable from this checkout, also without a database."""

from pathlib import Path

import hypothesis

import odoo.addons

ROOT = str(Path(__file__).resolve().parent.parent)
if ROOT not in odoo.addons.__path__:
    odoo.addons.__path__.append(ROOT)

hypothesis.settings.register_profile("ar", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ar")
