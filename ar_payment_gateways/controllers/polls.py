"""How often a page that waits may ask."""

import time

from werkzeug.exceptions import TooManyRequests

from odoo.http import request

from .. import const
from ..core.visit_rate import VisitRate

POLLS = VisitRate(const.POLLS_PER_MINUTE)


def check_polls(token):
    """Refuse whoever asks far more often than our pages do, per token and address, before anything is looked up."""
    if not POLLS.allows((token[:64], request.httprequest.remote_addr), time.monotonic()):
        raise TooManyRequests
