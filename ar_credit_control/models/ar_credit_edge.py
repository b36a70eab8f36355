from contextlib import contextmanager
from functools import wraps
from weakref import WeakKeyDictionary

from odoo import SUPERUSER_ID, models

_MACHINE, _CAUGHT, _BOOKING, _GRANTED, _COST = "machine", "caught", "booking", "granted", "cost"

# Which of these each open cursor is in, and how deep: out of reach of any caller. Not in the cursor's own cache, which
# a reset of the transaction in the middle (a changed registry, a scheduled action that commits) would empty.
_DEPTHS = WeakKeyDictionary()

# Jobs of Odoo's own addons that have nobody to show an error to, or money to lose by one.
MACHINES = {
    "payment.transaction": ("_post_process",),
    "pos.order": ("sync_from_ui",),
}
# What posts invoices of goods that have been paid for and handed over.
BOOKING = {"pos.order"}


class ArCreditEdge(models.AbstractModel):
    """Who gets the refusal of the credit check: a person an error, a machine or a customer a hold.

    What asks Odoo's own addons (19.0) to confirm an order or to post an invoice, and what a refusal does there:

    ==================================================  ==============================================================
    Confirm, Validate, Post in the web client           hold and message (controllers/dataset.py, `action_*_or_hold`)
    `action_confirm`, `write`, import by RPC, also      error: the user's own call; nothing is half done
    in the code of sale_project and sale_timesheet
    signature in the portal, shop order of zero         hold, "under review" (`_validate_order`; sale, website_sale)
    online payment                                      booked; hold (`_check_amount_and_confirm_order`)
    cash on delivery, pay on site                       hold (`_post_process` of delivery, website_sale_collect)
    free event tickets and booths                       hold: the customer's page confirms (website_event_*)
    order settled at the point of sale                  hold, the till's order is booked (`sync_from_ui`, pos_sale)
    scheduled actions, automation rules by time,        hold (`ir.cron._callback`)
    recurring and future invoices
    amendment of a confirmed order, whoever makes it    error: there is nothing that could wait
    costs that a posted bill charges an order with,     booked, counted; what is over the limit then is held, and
    hours and expenses above what was ordered           nothing more leaves before a decision or cash
    authorization voided, payment cancelled or          booked; held like that, where the order does not pass without
    refunded, of a confirmed order                      the money
    ==================================================  ==============================================================

    Overrides of `action_confirm` in addons that Odoo loads after ours run around ours and have done things before
    (loyalty points, mails, salespeople), which a hold has to undo. So the outermost method is replaced when the
    registry is ready, as base_automation does.
    """

    _name = "ar.credit.edge"
    _description = "Edges of credit control"

    # === WHO CALLS === #

    @contextmanager
    def _machine(self):
        """Run the body as a job without a person: refusals become holds."""
        with self._inside(_MACHINE):
            yield

    @contextmanager
    def _caught(self):
        """Run the body where the caller catches the refusal itself."""
        with self._inside(_CAUGHT):
            yield

    def _is_caught(self):
        """Whether the caller catches the refusal, and files a hold."""
        return bool(_DEPTHS.get(self.env.cr, {}).get(_CAUGHT))

    @contextmanager
    def _booking(self):
        """Run the body as the booking of a received payment: invoices are posted whatever the rules say."""
        with self._inside(_BOOKING):
            yield

    def _is_booking(self):
        """Whether a received payment is being booked."""
        return bool(_DEPTHS.get(self.env.cr, {}).get(_BOOKING))

    @contextmanager
    def _booking_cost(self):
        """Run the body as the booking of a cost that an order is charged with: it was made, whatever the rules say."""
        with self._inside(_COST):
            yield

    def _is_booking_cost(self):
        """Whether a cost that an order is charged with is being booked."""
        return bool(_DEPTHS.get(self.env.cr, {}).get(_COST))

    @contextmanager
    def _granted(self):
        """Run the body as what follows an approval: Odoo acts there, not the approver whose call it is."""
        with self._inside(_GRANTED):
            yield

    def _is_granted(self):
        """Whether Odoo does what an approval allowed; what it changes on the way has no editor."""
        return bool(_DEPTHS.get(self.env.cr, {}).get(_GRANTED))

    @contextmanager
    def _inside(self, what):
        depths = _DEPTHS.setdefault(self.env.cr, {})
        depths[what] = depths.get(what, 0) + 1
        try:
            yield
        finally:
            depths[what] -= 1

    def _is_for_nobody(self):
        """Whether a refusal would meet nobody who can do something about it: a machine, or a customer."""
        depths = _DEPTHS.get(self.env.cr, {})
        return not depths.get(_CAUGHT) and (bool(depths.get(_MACHINE)) or self._is_customer())

    def _is_customer(self):
        """Whether the user is a customer, or nobody; Odoo's own superuser is neither."""
        return self.env.uid != SUPERUSER_ID and not self.env.user._is_internal()

    # === OUTERMOST === #

    def _register_hook(self):
        """Replace the outermost methods, once a registry."""
        super()._register_hook()
        self._wrap("sale.order", "action_confirm", _confirm_or_hold)
        self._wrap("account.move", "_post", _post_or_hold)
        for model, names in MACHINES.items():
            for name in names if model in self.env.registry else ():
                self._wrap(model, name, _as_machine)

    def _wrap(self, model, name, wrapper):
        owner = self.env.registry[model]
        origin = getattr(owner, name)
        if not getattr(origin, "ar_credit_edge", False):
            wrapped = wraps(origin)(wrapper(origin))
            wrapped.ar_credit_edge = True
            setattr(owner, name, wrapped)


def _confirm_or_hold(origin):
    """Return `action_confirm` that holds orders where an error would meet nobody."""

    def action_confirm(self):
        edge = self.env["ar.credit.edge"]
        if not edge._is_for_nobody():
            return origin(self)
        result = True
        notify = edge._is_customer() or bool(self.env.context.get("send_email"))
        for order in self:
            known = order.sudo().ar_credit_hold_ids  # sudo: only to tell of what is new
            confirmed, hold = order._try_or_hold(lambda order=order: origin(order), notify_customer=notify)
            result = confirmed or result
            # sudo: a customer can't read holds; one who paid or signed for what was rejected is news
            rejected = hold.sudo().filtered(lambda one: one.state == "rejected") if notify else hold.browse()
            rejected._tell_salesperson(again=True)
            (hold - known - rejected)._tell_salesperson()
        return result

    return action_confirm


def _post_or_hold(origin):
    """Return `_post` that holds invoices where an error would meet nobody."""

    def _post(self, soft=True):
        if not self.env["ar.credit.edge"]._is_for_nobody():
            return origin(self, soft)
        known = self.sudo().ar_credit_hold_ids  # sudo: only to tell of what is new
        posted, _passed, holds = self._pass_or_hold(lambda moves: origin(moves, soft))
        (holds - known)._tell_salesperson()
        return posted or self.browse()

    return _post


def _as_machine(origin):
    """Return a method of which refusals become holds."""

    def run(self, *args, **kwargs):
        with self.env["ar.credit.edge"]._machine():
            if self._name in BOOKING:
                with self.env["ar.credit.edge"]._booking():
                    return origin(self, *args, **kwargs)
            return origin(self, *args, **kwargs)

    return run
