"""How often somebody may ask: for a page, for what a page that waits asks, and by addresses that lead nowhere."""

import time

from werkzeug.exceptions import TooManyRequests

from odoo.http import request

from .. import const
from ..core.visit_rate import VisitRate
from .page import render, speak_browsers_language, visitor

POLLS, PAGES = VisitRate(const.POLLS_PER_MINUTE), VisitRate(const.PAGES_PER_MINUTE)


def check_rate(rate, record):
    """Refuse whoever asks far more often than people and our pages do, per token that exists and address.

    Not per token that somebody makes up: each of them would have a count of its own.
    """
    if not rate.allows((record._name, record.id, visitor().limited), time.monotonic()):
        raise TooManyRequests


def note(event, link):
    """Note a visit; return whether there have not been too many like it."""
    # sudo: the log is written by the machinery only.
    return request.env["ar.payment.link.scan"].sudo()._note(event, link, visitor())


def note_unknown():
    """Note an address that leads nowhere, for a question of a page, and refuse somebody who keeps trying."""
    if not note("unknown", request.env["ar.payment.link"]):
        raise TooManyRequests


def unknown():
    """Answer for an address that leads nowhere: always the same page, and to somebody who keeps trying with 429."""
    speak_browsers_language()
    few = note("unknown", request.env["ar.payment.link"])
    return render("ar_payment_gateways.unknown_page", {}, status=404 if few else 429)
