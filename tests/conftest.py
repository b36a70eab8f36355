"""Make `odoo.addons.ar_x` importable from this checkout, also without a database."""

import gc
from pathlib import Path

import hypothesis

import odoo.addons

ROOT = str(Path(__file__).resolve().parent.parent)
if ROOT not in odoo.addons.__path__:
    odoo.addons.__path__.append(ROOT)

hypothesis.settings.register_profile("ar", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ar")

# A full collection walks through the whole registry, for 0.4 s: at Python's own thresholds, a tenth of the time.
gc.set_threshold(50_000, 20, 50)
