from odoo.addons.sale.controllers.portal import CustomerPortal


class CreditPortal(CustomerPortal):
    """The customer's page of an order that he signed or paid and that we decide on."""

    def _get_page_view_values(self, document, access_token, values, *args, **kwargs):
        """Offer no payment on it, also where the address is that of a payment link."""
        if document._name == "sale.order" and document._is_ar_credit_under_review():
            values["payment_amount"] = None
        return super()._get_page_view_values(document, access_token, values, *args, **kwargs)
