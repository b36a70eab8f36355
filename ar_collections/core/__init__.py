"""Pure rules: no Odoo, no I/O; Decimal, date and frozen dataclasses in and out."""
