from itertools import pairwise

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..core import dunning


class ArDunningPolicy(models.Model):
    """A ladder of reminder levels, mildest first; each customer follows one (its own or the company's)."""

    _name = "ar.dunning.policy"
    _description = "Dunning Policy"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", help="Empty: may be used by every company.")
    level_ids = fields.One2many("ar.dunning.level", "policy_id", "Levels", copy=True)
    note = fields.Html("Internal Note")

    @api.constrains("level_ids")
    def _check_levels(self):
        """A later level has to come later; the engine takes the last one whose days have passed."""
        for policy in self:
            days = policy.level_ids.sorted().mapped("days_overdue")
            if any(earlier >= later for earlier, later in pairwise(days)):
                raise ValidationError(
                    self.env._(
                        "Each level of %s needs more days overdue than the one before it.", policy.name
                    )
                )

    def _core_levels(self):
        """Return the ladder as the engine takes it; position i + 1 is `level_ids.sorted()[i]`."""
        self.ensure_one()
        return tuple(
            dunning.Level(level.days_overdue, level.min_days_between) for level in self.level_ids.sorted()
        )

    def _position_of(self, level):
        """Return where a level stands on this ladder, 1-based.

        A level of another policy (the customer changed over) counts as the last one here that comes no later.
        """
        self.ensure_one()
        ladder = self.level_ids.sorted()
        if level in ladder:
            return ladder.ids.index(level.id) + 1
        return len(ladder.filtered(lambda own: own.days_overdue <= level.days_overdue))
