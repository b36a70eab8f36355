from odoo import fields


class BigInteger(fields.Integer):
    """An integer of 64 bits: 32 end at 21 million yuan."""

    _column_type = ("int8", "int8")
