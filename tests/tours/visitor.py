"""A person at a browser: opens pages, waits for what she expects, clicks where she would.

Odoo's JS tours end where the page leaves Odoo's web client; the road we test goes on to a customer's phone and the
cashier page of a gateway. So the road is driven from here, through the DevTools of Odoo's own ChromeBrowser, with
real mouse and key events: a button that is covered or out of sight is no button.
"""

import base64
import contextlib
import json
import time
from pathlib import Path

from odoo.tests.common import ChromeBrowser

PATIENCE = 90  # seconds: the first page of a fresh database builds Odoo's bundles first
REPORT = Path(__file__).resolve().parents[2] / ".work" / "report"

PHONE = (
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36"
)

# Finds the last visible element that matches a CSS selector and, where given, contains a text.
_FIND = """
(() => {
    const found = [...document.querySelectorAll(%(selector)s)].filter((el) => {
        const box = el.getBoundingClientRect();
        return box.width && box.height && (!%(text)s || (el.textContent + (el.value || "")).includes(%(text)s));
    });
    const el = found[%(index)s < 0 ? found.length + %(index)s : %(index)s];
    if (!el) {
        return null;
    }
    %(action)s
})()
"""
_PLACE = """
    el.scrollIntoView({block: "center", inline: "center"});
    const box = el.getBoundingClientRect();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const top = document.elementFromPoint(x, y);
    return top && (el.contains(top) || top.contains(el)) ? {x, y} : null;
"""

_SUGGESTION = ".o-autocomplete--dropdown-item a"


class Visitor:
    """One browser window; made by `visit`."""

    def __init__(self, case, browser):
        self.case = case
        self.browser = browser

    # --- looking ---

    def evaluate(self, expression):
        """Return the JSON value of a JavaScript expression in the page."""
        answer = self.browser._websocket_request(
            "Runtime.evaluate", params={"expression": expression, "returnByValue": True}, timeout=30
        )
        return answer["result"].get("value")

    def _find(self, selector, text, action, index, timeout):
        expression = _FIND % {
            "selector": json.dumps(selector),
            "text": json.dumps(text),
            "index": index,
            "action": action,
        }
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            # Between two pages there is no context to evaluate in.
            with contextlib.suppress(Exception):
                value = self.evaluate(expression)
                if value is not None:
                    return value
            time.sleep(0.1)
        picture = self.screenshot("failed")
        page = self.evaluate("document.body.innerText.slice(0, 1500)")
        return self.case.fail(f"{selector!r} {text!r} did not appear on {self.url}; see {picture}\n{page}")

    def see(self, selector, text="", timeout=PATIENCE):
        """Wait for an element and return its text."""
        return self._find(selector, text, "return el.innerText || el.value || '';", 0, timeout)

    def sees(self, selector):
        """Whether an element is there now."""
        return bool(self.evaluate(f"!!document.querySelector({json.dumps(selector)})"))

    def attribute(self, selector, name):
        """Wait for an element and return one of its attributes."""
        return self._find(selector, "", f"return el.getAttribute({json.dumps(name)});", 0, PATIENCE)

    @property
    def url(self):
        return self.evaluate("location.href")

    def screenshot(self, name):
        """Save what the window shows to .work/report/<name>.png and return the path."""
        answer = self.browser._websocket_request("Page.captureScreenshot", timeout=30)
        REPORT.mkdir(parents=True, exist_ok=True)
        path = REPORT / f"{type(self.case).__name__}-{self.case._testMethodName}-{name}.png"
        path.write_bytes(base64.b64decode(answer["data"]))
        return path

    # --- doing ---

    def open(self, path):
        """Go to a path of Odoo, or to an absolute address."""
        self.browser.navigate_to(path if "://" in path else self.case.base_url() + path, wait_stop=True)

    def click(self, selector, text="", index=0, timeout=PATIENCE):
        """Click an element once it is in sight, stands still and nothing covers it."""
        place, before = self._find(selector, text, _PLACE, index, timeout), None
        while place != before:
            time.sleep(0.05)
            place, before = self._find(selector, text, _PLACE, index, timeout), place
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            event = {"type": kind, "button": "left", "clickCount": 1, **place}
            if kind == "mouseMoved":
                event |= {"button": "none", "clickCount": 0}
            self.browser._websocket_request("Input.dispatchMouseEvent", params=event, timeout=30)

    def type(self, selector, text, index=0):
        """Replace what an input holds."""
        self.click(selector, index=index)
        self.evaluate("document.activeElement.select && document.activeElement.select()")
        self.browser._websocket_request("Input.insertText", params={"text": text})

    def pick(self, selector, text, index=0):
        """Type into a many2one and take the suggestion with that text.

        A list that is drawn anew at that moment swallows the click; whoever sees it stay open clicks again.
        """
        self.type(selector, text, index=index)
        for attempt in range(5):
            try:
                self.click(_SUGGESTION, text, timeout=3 if attempt else PATIENCE)
            except AssertionError:
                if attempt and not self.sees(_SUGGESTION):
                    break  # the click before was taken after all, just now
                raise
            deadline = time.monotonic() + 5
            while self.sees(_SUGGESTION) and time.monotonic() < deadline:
                time.sleep(0.1)
            if not self.sees(_SUGGESTION):
                break

    def choose_menu(self, *xmlids):
        """Open a menu of the web client by the xml ids on the way to it; wait until its page or dialog is there."""
        before = self.url
        for xmlid in xmlids:
            self.click(f"[data-menu-xmlid='{xmlid}']")
        deadline = time.monotonic() + PATIENCE
        while self.url == before and not self.sees(".modal-dialog") and time.monotonic() < deadline:
            time.sleep(0.1)


@contextlib.contextmanager
def visit(case, login=None, phone=False, lang=None):
    """Open a browser as a user of an HttpCase, or as nobody.

    Inside the body no ORM: the pages use the test's cursor meanwhile.

    :param phone: a touch screen of 360 x 740 instead of a desktop.
    :param lang: what the browser asks for in Accept-Language.
    :raise AssertionError: if a page logged an error.
    """
    case.browser_size, case.touch_enabled = ("360,740", True) if phone else ("1366,900", False)
    browser = ChromeBrowser(case)
    try:
        if lang:
            agent = {"userAgent": PHONE if phone else "Mozilla/5.0", "acceptLanguage": lang}
            browser._websocket_request("Emulation.setUserAgentOverride", params=agent)
        with case.allow_requests(browser=browser, all_requests=True):
            case.authenticate(login, login, browser=browser)
            case.cr.flush()
            case.cr.clear()
            try:
                yield Visitor(case, browser)
                if browser._result.done():
                    browser._result.result()  # an error on the console raises here
            finally:
                browser.navigate_to("about:blank")
                case._wait_remaining_requests()
    finally:
        browser.stop()
        case.env.invalidate_all()
