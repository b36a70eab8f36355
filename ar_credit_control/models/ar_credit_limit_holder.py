from odoo import api, fields, models
from odoo.tools.misc import clean_context

from ..exceptions import denied

EXPIRY_RULES = [
    ("company", "As the Company Says"),
    ("keep", "Keep the Limit"),
    ("zero", "No Credit"),
    ("default", "Default of the Company"),
]


class ArCreditLimitHolder(models.AbstractModel):
    """What has a limit of its own: a customer's account or a group. The limit moves by `ar.credit.limit.change` only.

    The guard asks nothing but whether the code runs as superuser: what a caller writes, imports or puts into the
    context (`default_credit_limit`, `install_mode`, ...) makes no difference.
    """

    _name = "ar.credit.limit.holder"
    _description = "Holder of a credit limit"

    currency_id = fields.Many2one("res.currency")
    credit_limit = fields.Monetary(tracking=True, copy=False)
    valid_until = fields.Date(tracking=True, copy=False, help="The last day on which the limit holds.")
    expiry_rule = fields.Selection(
        EXPIRY_RULES,
        string="After Validity",
        required=True,
        default="company",
        tracking=True,
        copy=False,
    )

    _credit_limit_positive = models.Constraint(
        "CHECK(credit_limit >= 0)", "A credit limit can't be negative. Use zero or 'No Credit'."
    )

    def _get_journaled_defaults(self):
        """Return the fields that only a limit change moves, each with the value that a new record starts with."""
        return {"credit_limit": 0.0, "valid_until": False, "expiry_rule": "company"}

    @api.model_create_multi
    def create(self, vals_list):
        """Create holders without a limit; the first one is a limit change as well.

        :raise AccessError: a limit is given, and not by the superuser.
        """
        if self.env.su:
            return super().create(vals_list)
        for vals in vals_list:
            for name, start in self._get_journaled_defaults().items():
                if (vals.get(name) or False) not in (start, False):
                    self._refuse_journaled(name)
        # Odoo would take a missing value from the context (`default_credit_limit`).
        unprompted = self.with_env(self.env(context=clean_context(self.env.context)))
        return super(ArCreditLimitHolder, unprompted).create(vals_list)

    def write(self, vals):
        """Write holders; refuse to move what only a limit change may move.

        :raise AccessError: see `create`.
        """
        if not self.env.su:
            for name in self._get_journaled_defaults():
                if name in vals and any(self._differs(record, name, vals[name]) for record in self):
                    self._refuse_journaled(name)
        return super().write(vals)

    @api.model
    def _differs(self, record, name, value):
        field = self._fields[name]
        old, new = (field.convert_to_write(v, record) for v in (record[name], value))
        return (old or False) != (field.convert_to_cache(new, record) or False)

    def _refuse_journaled(self, name):
        label = self._fields[name].get_description(self.env, ["string"])["string"]
        raise denied(
            self,
            self.env._(
                "'%(field)s' moves by a limit change only, so that somebody approves it and everybody can read why."
                " Open the account or the group and press 'Change Limit'.",
                field=label,
            ),
        )
