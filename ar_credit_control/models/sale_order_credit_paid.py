from odoo import fields, models

PAID_STATES = ("authorized", "done")
BOOKED_STATES = ("in_process", "paid")


class SaleOrderCreditPaid(models.AbstractModel):
    """Whether an order is paid: not whether it adds nothing, as one that is invoiced and unpaid does not either."""

    _name = "sale.order.credit.paid"
    _description = "Payments of a sales order"

    def _is_ar_credit_free(self, decision):
        """Whether the order needs no credit: all of it is paid, or it gives nothing away.

        What costs nothing is not paid. Of most orders it is plain that they are open, and that costs no query.

        :param decision: core Decision so far.
        """
        self.ensure_one()
        if not self.company_id.ar_credit_prepaid_free:
            return False
        if decision.order_amount > 0 and not self.ar_credit_paid_online:
            return False
        unpaid, paid = self._get_ar_credit_settled()
        if self.currency_id.compare_amounts(unpaid, 0) > 0:
            return False
        return self.currency_id.compare_amounts(paid, 0) > 0 or not self._gives_ar_credit_anything()

    def _gives_ar_credit_anything(self):
        """Whether the customer gets something by the order, be it for nothing: one may also only take back."""
        return any(
            line.product_uom_qty > 0 and (line.price_total >= 0 or line.product_id.type != "service")
            for line in self._get_ar_credit_lines()
        )

    def _get_ar_credit_unpaid(self, billed_only=False):
        """Return what nobody has paid of the order, or of its invoices, in company currency, as a Decimal."""
        self.ensure_one()
        company = self.company_id
        unpaid = max(0.0, self._get_ar_credit_settled(billed_only)[0])
        amount = self.currency_id._convert(unpaid, company.currency_id, company, fields.Date.today())
        return self.env["ar.credit.exposure"]._to_decimal(company.currency_id, amount)

    def _get_ar_credit_settled(self, billed_only=False):
        """Return (what is not paid, what is) of an order, in order currency.

        Not paid is what is not invoiced yet, also where it does not count for now, and what is open on invoices; less
        what was paid for the order and no invoice has used yet. Payments count as the company lets them count.

        :param bool billed_only: leave out what is not invoiced.
        """
        self.ensure_one()
        invoices = self.order_line.invoice_lines.move_id.filtered(
            lambda move: move.state == "posted" and move.move_type in ("out_invoice", "out_receipt")
        )
        unpaid = self.ar_credit_open if self.state in ("sale", "cancel") else self.amount_total
        unpaid, paid = 0.0 if billed_only else unpaid, 0.0
        for move in invoices:
            day = move.invoice_date or move.date
            residual, total = (
                move.currency_id._convert(amount, self.currency_id, self.company_id, day)
                for amount in (self._get_ar_credit_residual(move), move.amount_total)
            )
            unpaid += residual
            paid += total - residual
        online = self._get_ar_credit_online(invoices)
        return unpaid - online, paid + online

    def _get_ar_credit_residual(self, move):
        """Return what of a posted invoice is not paid as the company counts payments, in its currency.

        The same as in the measurement of exposure (`_payment_query`): without a journal entry a payment counts that
        the ledger does not show, and where the bank has to confirm it, one that the ledger shows does not.
        """
        residual = move.amount_residual
        for payment in move.reconciled_payment_ids:
            if payment.is_matched or payment.payment_transaction_id or payment.state not in BOOKED_STATES:
                continue
            policy = payment.payment_method_line_id.ar_credit_counted or "company"
            if policy == "company":
                policy = move.company_id.ar_credit_payments_counted
            amount = payment.currency_id._convert(
                payment.amount, move.currency_id, move.company_id, payment.date
            )
            if payment.move_id and policy == "banked":
                residual += amount
            elif not payment.move_id and policy != "banked":
                residual -= amount
        return min(max(residual, 0.0), move.amount_total)

    def _get_ar_credit_online(self, invoices):
        """Return what was paid online for the order and is not on its invoices, in order currency.

        :param invoices: the posted invoices of the order.
        """
        amount = 0.0
        for tx in self.transaction_ids if self.ar_credit_paid_online else ():
            counts = tx.state in PAID_STATES and tx.operation != "validation" and not tx.child_transaction_ids
            if not counts or tx.currency_id != self.currency_id:
                continue
            payment = tx.payment_id
            if not payment:
                amount += tx.amount
            elif payment.move_id:  # what no invoice and no refund has used
                amount -= sum(
                    line.amount_residual_currency
                    for line in payment.move_id.line_ids
                    if line.account_id.account_type == "asset_receivable" and line.parent_state == "posted"
                )
            elif payment.state in BOOKED_STATES and not (payment.is_matched and invoices):
                amount += payment.amount
        return amount
