from odoo import models
from odoo.http import request


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _pre_dispatch(cls, rule, args):
        """Keep the bytes of a request whose route says `raw_body=True`: the dispatcher reads forms as UTF-8, and a
        signature is over what was sent."""
        result = super()._pre_dispatch(rule, args)  # sets the limit for the body's length
        if rule.endpoint.routing.get("raw_body"):
            request.httprequest.get_data(cache=True)
        return result
