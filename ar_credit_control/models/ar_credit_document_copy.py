from odoo import api, fields, models

from ..exceptions import denied
from .ar_credit_hold import CREDIT_GROUPS

# What an approval stands on, so nobody types it in.
KEPT_FIELDS = {"ar_credit_copied_hold_id", "ar_priced_by_ids"}
# In these the step that the check refused has been taken.
THROUGH = {"sale", "posted", "done"}


class ArCreditDocumentCopy(models.AbstractModel):
    """The part of `ar.credit.document` that what was decided, or is held by hand, is not left behind by a copy."""

    _name = "ar.credit.document.copy"
    _description = "Copies of documents under credit control"

    ar_credit_copied_hold_id = fields.Many2one(
        "ar.credit.hold",
        string="Hold of the Copied Document",
        readonly=True,
        copy=False,
        groups=CREDIT_GROUPS,
        help="What kept the document that this one is a copy of; it keeps the copy as well.",
    )

    # === CRUD === #

    @api.model
    def default_get(self, fields):
        """Leave out what nobody types in: no context key and no default of the user fills it in either."""
        return {name: value for name, value in super().default_get(fields).items() if name not in KEPT_FIELDS}

    @api.model_create_multi
    def create(self, vals_list):
        """Create documents; which one they are copies of, or who priced them, nobody says.

        :raise AccessError: somebody does.
        """
        self._refuse_ar_credit_kept({name for vals in vals_list for name in vals})
        return super().create(vals_list)

    def write(self, vals):
        """Write documents; see `create`.

        :raise AccessError: see `create`.
        """
        self._refuse_ar_credit_kept(vals)
        return super().write(vals)

    def copy(self, default=None):
        """Copy documents; what was rejected, or is held by hand, is no new question by being copied."""
        copies = super().copy(default)
        # sudo: whoever copies need not see holds, and does not leave them behind
        for original, copied in zip(self.sudo(), copies.sudo(), strict=True):
            hold = original._get_ar_credit_unsettled()
            if hold:
                copied.ar_credit_copied_hold_id = hold
        return copies

    def _refuse_ar_credit_kept(self, names):
        if not self.env.su and not KEPT_FIELDS.isdisjoint(names):
            raise denied(self, self.env._("What the credit check found is not for anybody to write."))

    # === HOLDS === #

    def _get_ar_credit_forced(self):
        """Return the holds that keep the document whatever the rules say: not decided, or decided against it.

        Of a copy that nobody has decided on, those of the same customer's document that was copied.
        """
        self.ensure_one()
        document = self.sudo()  # sudo: holds bind also those who can't see them
        forcing = document.ar_credit_hold_ids._filtered_forcing()
        if not forcing:
            debtor, _company = document._get_ar_credit_pair()
            forcing = document.ar_credit_copied_hold_id.filtered(
                lambda hold: hold.check_point == "manual" and hold.partner_id.id == debtor
            )
        return forcing.filtered(lambda hold: hold.state in ("pending", "rejected"))

    def _get_ar_credit_unsettled(self):
        """Return the last hold that speaks against the document, and against a copy: rejected, or set by hand."""
        self.ensure_one()
        holds = self.ar_credit_hold_ids | self.ar_credit_copied_hold_id
        if self.state in THROUGH:
            return holds.browse()
        return holds.filtered(
            lambda hold: (
                hold.state == "rejected" or (hold.check_point == "manual" and hold.state == "pending")
            )
        ).sorted("id")[-1:]
