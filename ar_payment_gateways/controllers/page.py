"""What all public pages share: their headers, their language, who looks at them."""

from odoo.http import request

from ..core.languages import pick_language
from ..core.visitor import Visitor

SECURITY_HEADERS = {
    # Nothing inline, nothing foreign: a name or a number that slips through unescaped can do no harm.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:;"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def speak_browsers_language():
    """Answer this request in the language of the browser: for the page, and for what is said while working on it."""
    installed = [code for code, _name in request.env["res.lang"].get_installed()]
    lang = pick_language(request.httprequest.accept_languages.values(), installed)
    request.update_context(lang=lang)


def visitor():
    """Return who sends this request."""
    return Visitor(
        user_agent=request.httprequest.user_agent.string, address=request.httprequest.remote_addr or ""
    )


def render(template, values, status=200, form_origin="", names_itself=False):
    """Render a public page, with the headers every such page has.

    :param form_origin: where a form of this page may post to, besides ourselves.
    :param names_itself: whether its links tell where they are followed from: the host, never the rest of the address.
    """
    values = {**values, "html_lang": request.env.lang.replace("_", "-")}
    # Minimal: these pages use nothing of the user and his company, which would be read for them.
    html = request.env["ir.qweb"].with_context(minimal_qcontext=True)._render(template, values)
    headers = dict(SECURITY_HEADERS)
    if form_origin:
        policy = headers["Content-Security-Policy"]
        headers["Content-Security-Policy"] = policy.replace("form-action ", f"form-action {form_origin} ")
    if names_itself:
        headers["Referrer-Policy"] = "origin"
    return request.make_response(html, headers=list(headers.items()), status=status)
