#!/usr/bin/env python
"""Take a picture of a page of a running Odoo in headless Chromium, logged in as somebody, in a language.

    .work/venv/bin/python .ci/screenshot.py URL LOGIN LANG OUT.png [options]

LOGIN is a login whose password is the same (as in the demo), or LOGIN:PASSWORD, or - for a visitor.
LANG is en_US, zh_CN, ... or - to leave the user's own.

    .ci/screenshot.py http://127.0.0.1:8069/odoo/credit-holds credit zh_CN holds.png
    .ci/screenshot.py http://127.0.0.1:8069/pay/TOKEN - - pay.png --size 390x844 --scale 2
    ... --click '.o_data_row:nth-child(2) td' --click 'button[name="action_preview"]' --full
"""

import argparse
import base64
import contextlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import requests
import websocket

# True when nothing on the page is on its way: no request of Odoo's client, no image, no animation of a dialog.
SETTLED = """(() => {
    const busy = ".o_loading_indicator, .o_blockUI, .o_view_sample_data_loading, .fa-spin, .modal.fade:not(.show)";
    const client = document.querySelector(".o_web_client");
    return document.readyState === "complete" && document.fonts.status === "loaded"
        && (!client || document.querySelector(".o_action_manager > *, .o_home_menu, .o_apps"))
        && !document.querySelector(busy)
        && [...document.images].every((image) => image.complete || image.loading === "lazy");
})()"""


class Page:
    """A tab of Chromium, spoken to in the DevTools protocol."""

    def __init__(self, url: str) -> None:
        self.socket = websocket.create_connection(url, timeout=60, suppress_origin=True)
        self.count = 0

    def call(self, method: str, **params: object) -> dict:
        """Call a method and return its result; the page's console errors go to stderr on the way."""
        self.count += 1
        self.socket.send(json.dumps({"id": self.count, "method": method, "params": params}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == self.count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            if answer.get("method") == "Runtime.exceptionThrown":
                print("page:", answer["params"]["exceptionDetails"]["text"], file=sys.stderr)

    def evaluate(self, script: str) -> object:
        """The value of a JavaScript expression."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"]["exception"]["description"])
        return result["result"].get("value")

    def settle(self, quiet: float = 0.8, timeout: float = 60) -> None:
        """Wait until the page has been settled and unchanged for `quiet` seconds."""
        deadline, last, since = time.monotonic() + timeout, None, time.monotonic()
        while time.monotonic() < deadline:
            size = (
                self.evaluate("document.documentElement.outerHTML.length") if self.evaluate(SETTLED) else None
            )
            if size is None or size != last:
                last, since = size, time.monotonic()
            elif time.monotonic() - since > quiet:
                return
            time.sleep(0.1)
        print("the page did not settle; taking it as it is", file=sys.stderr)

    def click(self, selector: str) -> None:
        """Click an element: a CSS selector, or `text=...` for the button, link or tab with that text."""
        quoted = json.dumps(selector.removeprefix("text="))
        find = f"document.querySelector({quoted})"
        if selector.startswith("text="):
            tags = "button, a, .nav-link, .o_menu_item, [role=menuitem], td, label"
            find = f"[...document.querySelectorAll('{tags}')].find((e) => e.innerText.trim() === {quoted})"
        if not self.evaluate(f"(() => {{ const e = {find}; e?.click(); return Boolean(e); }})()"):
            raise SystemExit(f"nothing to click at {selector}")
        time.sleep(0.3)
        self.settle()


@contextlib.contextmanager
def chromium(size: tuple[int, int], scale: float) -> Iterator[Page]:
    """A fresh headless Chromium with one tab of that size."""
    binary = shutil.which("chromium") or shutil.which("google-chrome") or "chromium"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [
            binary,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
        ]
        command += [
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
            "--hide-scrollbars",
            "--mute-audio",
        ]
        process = subprocess.Popen(
            [*command, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        try:
            line = next(line for line in process.stderr if "DevTools listening" in line)
            port = re.search(r":(\d+)/", line).group(1)
            tabs = requests.get(f"http://127.0.0.1:{port}/json/list", timeout=10).json()
            page = Page(next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page"))
            page.call("Runtime.enable")
            width, height = size
            page.call(
                "Emulation.setDeviceMetricsOverride",
                width=width,
                height=height,
                deviceScaleFactor=scale,
                mobile=width < 600,
            )
            yield page
        finally:
            process.terminate()
            process.wait(10)


class Odoo:
    """A session at an Odoo."""

    def __init__(self, base: str, login: str) -> None:
        self.base = base
        self.session = requests.Session()
        name, _colon, password = login.partition(":")
        form = self.session.get(f"{base}/web/login", timeout=120).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', form).group(1)
        data = {"csrf_token": token, "login": name, "password": password or name}
        answer = self.session.post(f"{base}/web/login", data=data, timeout=120)
        if "/web/login" in answer.url:
            raise SystemExit(f"{base} does not let '{name}' in")
        self.uid = self.call("/web/session/get_session_info")["uid"]

    def call(self, path: str, **params: object) -> object:
        """A JSON-RPC call."""
        answer = self.session.post(f"{self.base}{path}", json={"params": params}, timeout=120).json()
        if "error" in answer:
            raise SystemExit(answer["error"]["data"]["message"])
        return answer["result"]

    def users(self, method: str, *args: object) -> object:
        """A method of the user's own record."""
        params = {"model": "res.users", "method": method, "args": [[self.uid], *args], "kwargs": {}}
        return self.call("/web/dataset/call_kw", **params)

    @contextlib.contextmanager
    def language(self, code: str) -> Iterator[None]:
        """The user speaks that language for a while."""
        own = self.users("read", ["lang"])[0]["lang"]
        if code in ("-", own):
            yield
            return
        self.users("write", {"lang": code})
        try:
            yield
        finally:
            self.users("write", {"lang": own})


def capture(page: Page, args: argparse.Namespace) -> None:
    """Open the page, do the clicks, write the picture."""
    page.call("Page.navigate", url=args.url)
    page.settle()
    for selector in args.click:
        page.click(selector)
    if args.js:
        page.evaluate(args.js)
        page.settle()
    picture = page.call("Page.captureScreenshot", format="png", captureBeyondViewport=args.full)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_bytes(base64.b64decode(picture["data"]))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("url")
    parser.add_argument("login")
    parser.add_argument("lang")
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", default="1440x900", help="viewport, such as 390x844")
    parser.add_argument("--scale", type=float, default=1, help="pixels of the picture per pixel of the page")
    parser.add_argument(
        "--click", action="append", default=[], help="CSS selector or text=..., in this order"
    )
    parser.add_argument("--js", help="JavaScript to run last")
    parser.add_argument("--full", action="store_true", help="the whole page instead of the viewport")
    args = parser.parse_args()
    parts = urlsplit(args.url)
    base = f"{parts.scheme}://{parts.netloc}"
    width, height = args.size.split("x")
    with contextlib.ExitStack() as stack:
        page = stack.enter_context(chromium((int(width), int(height)), args.scale))
        page.call("Network.enable")
        if args.login != "-":
            odoo = Odoo(base, args.login)
            stack.enter_context(odoo.language(args.lang))
            for cookie in odoo.session.cookies:
                page.call("Network.setCookie", name=cookie.name, value=cookie.value, url=base)
        if args.lang != "-":
            page.call("Network.setCookie", name="frontend_lang", value=args.lang, url=base)
            page.call("Network.setExtraHTTPHeaders", headers={"Accept-Language": args.lang.replace("_", "-")})
        capture(page, args)


if __name__ == "__main__":
    main()
