"""HTTP of the Alipay simulator: /gateway.do for merchants, /cashier/<id> for buyers."""

import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler

from .alipay_cashier import page
from .alipay_page import METHODS, error_page


class Handler(BaseHTTPRequestHandler):
    """HTTP: /gateway.do for merchants, /cashier/<id> for buyers."""

    simulator = None
    protocol_version = "HTTP/1.0"

    def date_time_string(self, timestamp=None):
        """The Date header: by the gateway's clock."""
        skew = self.simulator.knobs.clock_skew
        return super().date_time_string(time.time() + skew if timestamp is None else timestamp)

    def do_POST(self):
        path, _mark, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if path == "/gateway.do":
            self._gateway(query, body)
        elif path.startswith("/cashier/") and path.endswith("/pay"):
            self._pay(path.split("/")[2])
        else:
            self.send_error(404)

    def do_GET(self):
        path, _mark, query = self.path.partition("?")
        if path == "/gateway.do":
            self._browse(query, b"")
            return
        parts = path.split("/")
        if parts[1] == "bill" and self.simulator.knobs.bill_redirect:
            self.send_response(302)
            self.send_header("Location", self.simulator.knobs.bill_redirect)
            self.end_headers()
            return
        if parts[1] == "bill":
            content = self.simulator.bills.download(parts[2])
            self._answer(content, "application/zip") if content else self.send_error(404)
            return
        trade = parts[1] == "cashier" and self.simulator.trades.by_cashier_id(parts[2])
        if not trade:
            self.send_error(404)
            return
        payable = self.simulator.trades.scan(trade)
        self._answer(page(trade, payable, self.simulator.pages.way_back(trade)), "text/html; charset=utf-8")

    def _gateway(self, query, body):
        knobs = self.simulator.knobs
        if knobs.http_500:
            knobs.http_500 -= 1
            self.send_error(500)
            return
        if knobs.drop_request:
            knobs.drop_request -= 1
            self.close_connection = True
            return
        params = self._params(query, body)
        if params.get("method") in METHODS:
            self._browse(query, body)
            return
        name, content = self.simulator.handle(params)
        if knobs.drop_response_after_commit:
            knobs.drop_response_after_commit -= 1
            self.close_connection = True
            return
        self._answer(self.simulator.sign_answer(name, content), "text/html;charset=utf-8")

    @staticmethod
    def _params(query, body):
        # Like the real one: the charset of the address decides how address and body are read.
        charset = urllib.parse.parse_qs(query).get("charset", ["gbk"])[0]
        text = "&".join(filter(None, (query, body.decode("ascii"))))
        pairs = urllib.parse.parse_qsl(text, keep_blank_values=True, encoding=charset, errors="replace")
        return dict(pairs)

    def _browse(self, query, body):
        """A buyer's browser, by GET or by POST: on to the cashier, or what is wrong."""
        params = self._params(query, body)
        path, problem = None, "isv.invalid-method"
        if params.get("method") in METHODS:
            path, problem = self.simulator.pages.open(params)
        if not path:
            self._answer(error_page(problem), "text/html; charset=utf-8")
            return
        self.send_response(302)
        self.send_header("Location", f"{self.simulator.base_url}{path}")
        self.end_headers()

    def _pay(self, cashier_id):
        trade = self.simulator.trades.by_cashier_id(cashier_id)
        if not trade:
            self.send_error(404)
            return
        if self.simulator.trades.pay(trade):
            threading.Thread(target=self.simulator.notify_until_success, args=(trade,), daemon=True).start()
        self._answer(page(trade, False, self.simulator.pages.way_back(trade)), "text/html; charset=utf-8")

    def _answer(self, body, content_type):
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Keep quiet: tests read their own logs."""
