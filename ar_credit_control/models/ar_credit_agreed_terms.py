from odoo import api, fields, models

from ..core.rule import CheckPoint, Fact


class ArCreditAgreedTerms(models.AbstractModel):
    """The part of `ar.credit.account` that says which payment terms the credit side agreed to.

    Those on the customer are the seller's proposal: whoever sells may change them. What was agreed moves by a limit
    change. Where nothing was, the customer's own terms count as they stood before a seller changed them.
    """

    _name = "ar.credit.agreed.terms"
    _description = "Agreed payment terms of a credit account"

    terms_agreed = fields.Boolean(
        string="Payment Terms Agreed", tracking=True, copy=False, help="If not: those on the customer count."
    )
    agreed_term_id = fields.Many2one(
        "account.payment.term",
        string="Agreed Payment Terms",
        tracking=True,
        copy=False,
        ondelete="restrict",
        check_company=True,
        help="Empty: the customer pays at once. Orders on longer terms are held where a rule says so.",
    )

    @api.model
    def _get_agreed_terms(self, pairs):
        """Return the payment terms that count as agreed, past access rights.

        :param pairs: (commercial partner id, company id).
        :return: dict of pair -> account.payment.term; empty means at once.
        """
        # sudo: whoever sells is bound by what was agreed, also without the right to see it
        partners = self.env["res.partner"].sudo()
        terms = {
            pair: partners.browse(pair[0]).with_company(pair[1]).property_payment_term_id for pair in pairs
        }
        for account in self.env["ar.credit.account"]._search_pairs(pairs).filtered("terms_agreed"):
            terms[account.partner_id.id, account.company_id.id] = account.agreed_term_id
        return terms

    def _get_agreed_term(self):
        """Return the payment terms that count as agreed with the customer of one account."""
        self.ensure_one()
        pair = self._get_pair()
        return self._get_agreed_terms({pair})[pair]

    @api.model
    def _keep_agreed_terms(self, terms):
        """Write down as agreed what a seller is about to change, in the current company, where some rule asks for it.

        :param dict terms: commercial partner id -> account.payment.term that counted so far.
        """
        company = self.env.company
        asked = self.env["ar.credit.rule"]._get_facts_asked(company.id, list(CheckPoint)) or ()
        if not terms or Fact.TERM_DAYS_OVER not in asked:
            return
        accounts = self.env["ar.credit.account"]
        pairs = {(partner_id, company.id) for partner_id in terms}
        known = accounts._search_pairs(pairs)
        missing = pairs - {(account.partner_id.id, company.id) for account in known}
        if missing:
            self.env.flush_all()
            accounts._create_missing(missing)
            known = accounts._search_pairs(pairs)
        for account in known.filtered(lambda account: not account.terms_agreed):
            account.write({"terms_agreed": True, "agreed_term_id": terms[account.partner_id.id].id})
            account._message_log(
                body=self.env._(
                    "%(user)s changes the payment terms on the customer. Agreed stays what held before, until a limit"
                    " change.",
                    user=self.env.user.name,
                )
            )
