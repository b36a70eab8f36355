from odoo import models
from odoo.fields import Command


class ArCreditPriced(models.AbstractModel):
    """Who had a hand in the price or the terms of a document, also where no line is left to tell it.

    Odoo's `write_uid` also names whoever posted it or set off a recompute, and forgets everybody but the last. A model
    of documents has `ar_priced_by_ids`; which of its fields count, documents and lines say in `_ar_priced_fields`.
    """

    _name = "ar.credit.priced"
    _description = "Editors of prices"

    _ar_priced_fields = frozenset()

    def _note_ar_priced_by(self, users=None):
        """Remember users, the current one by default, as editors of prices.

        Past `write`, where addons of approval refuse any change of an order that waits for one.
        """
        if self and not self.env["ar.credit.edge"]._is_granted():
            links = [Command.link(uid) for uid in (users.ids if users else [self.env.uid])]
            self._fields["ar_priced_by_ids"].write(self, links)

    def _filtered_ar_repriced(self, vals):
        """Return the records whose price or terms these values change."""
        names = self._ar_priced_fields & set(vals)

        def plain(record, value, field):
            return field.convert_to_write(
                field.convert_to_record(field.convert_to_cache(value, record), record), record
            )

        return self.filtered(
            lambda record: any(
                plain(record, vals[name], field) != field.convert_to_write(record[name], record)
                for name in names
                for field in [self._fields[name]]
            )
        )
