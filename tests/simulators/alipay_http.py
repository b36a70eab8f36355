"""HTTP of the Alipay simulator: /gateway.do for merchants, /cashier/<id> for buyers."""

import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler

from .alipay_cashier import page


class Handler(BaseHTTPRequestHandler):
    """HTTP: /gateway.do for merchants, /cashier/<id> for buyers."""

    simulator = None
    protocol_version = "HTTP/1.0"

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
        parts = self.path.split("/")
        if parts[1] == "bill":
            content = self.simulator.bills.download(parts[2])
            self._answer(content, "application/zip") if content else self.send_error(404)
            return
        trade = parts[1] == "cashier" and self.simulator.trades.by_cashier_id(parts[2])
        if not trade:
            self.send_error(404)
            return
        self._answer(page(trade, self.simulator.trades.scan(trade)), "text/html; charset=utf-8")

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
        # Like the real one: the charset of the address decides how the body is read.
        charset = urllib.parse.parse_qs(query).get("charset", ["gbk"])[0]
        pairs = urllib.parse.parse_qsl(body.decode("ascii"), keep_blank_values=True, encoding=charset)
        name, content = self.simulator.handle(dict(pairs))
        if knobs.drop_response_after_commit:
            knobs.drop_response_after_commit -= 1
            self.close_connection = True
            return
        self._answer(self.simulator.sign_answer(name, content), "text/html;charset=utf-8")

    def _pay(self, cashier_id):
        trade = self.simulator.trades.by_cashier_id(cashier_id)
        if not trade:
            self.send_error(404)
            return
        if self.simulator.trades.pay(trade):
            threading.Thread(target=self.simulator.notify_until_success, args=(trade,), daemon=True).start()
        self._answer(page(trade, False), "text/html; charset=utf-8")

    def _answer(self, body, content_type):
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Keep quiet: tests read their own logs."""
