from odoo import http

from odoo.addons.web.controllers.dataset import DataSet

OR_HOLD = {
    ("sale.order", "action_confirm"): "action_confirm_or_hold",
    ("account.move", "action_post"): "action_post_or_hold",
}


class CreditDataSet(DataSet):
    """Confirm buttons of the web client file a hold instead of showing an error."""

    @http.route()
    def call_button(self, model, method, args, kwargs, path=None):
        """Route the Confirm buttons of orders and invoices to the path that can hold the document.

        The buttons keep their names, so that views and tours of other addons keep finding it.
        """
        method = OR_HOLD.get((model, method), method)
        return super().call_button(model, method, args, kwargs, path=path)
