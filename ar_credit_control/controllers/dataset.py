from odoo import http

from odoo.addons.web.controllers.dataset import DataSet


class CreditDataSet(DataSet):
    """Confirm buttons of the web client file a hold instead of showing an error."""

    @http.route()
    def call_button(self, model, method, args, kwargs, path=None):
        """Route the Confirm button of sales orders to the path that can hold the order.

        The button keeps its name, `action_confirm`, so that views and tours of other addons keep finding it.
        """
        if (model, method) == ("sale.order", "action_confirm"):
            method = "action_confirm_or_hold"
        return super().call_button(model, method, args, kwargs, path=path)
