"""What the simulators of WeChat Pay and UnionPay share: knobs to misbehave, a clock, delivery of notifications."""

import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CHINA = timezone(timedelta(hours=8))


@dataclass
class Knobs:
    """How to misbehave. Counters count down."""

    latency: float = 0  # seconds before each answer
    drop_request: int = 0  # close the socket without doing anything
    drop_response_after_commit: int = 0  # do the work, close the socket without an answer
    http_500: int = 0
    business_error: str = ""  # answer the next request with this code, doing nothing
    unsigned: int = 0  # answers without a signature
    tamper_answer: bool = False  # change the answer after signing
    clock_skew: float = 0  # seconds the gateway's clock is ahead
    no_notify: bool = False
    hold_notifications: bool = False  # keep them until release(), which may send them in another order
    notify_count: int = 1  # how often each notification is sent although it was acknowledged
    notify_delay: float = 0
    notify_other_key: bool = False
    notify_change: dict = field(default_factory=dict)  # changed before signing: genuine, but odd
    notify_tamper: bool = False  # changed after signing
    amount_delta: int = 0  # fen more than asked for, in notifications and queries
    paid_after_close: bool = False  # a payment under way wins against closing and expiry
    hold_refunds: bool = False  # refunds stay in work until finish_refund()
    retry_seconds: tuple = (0.2, 0.5, 1, 2, 5, 10, 30)
    bill_not_ready: bool = False
    bill_today: bool = True  # also give the bill of today: a demonstration does not wait until tomorrow
    bill_without: set = field(default_factory=set)  # order numbers that the bill forgets
    bill_amount_delta: dict = field(default_factory=dict)  # order number: fen more than was paid
    bill_fund_days: dict = field(
        default_factory=dict
    )  # order number: so many days later it moves the account

    def take(self, counter):
        """Whether a counter is up; counts it down."""
        left = getattr(self, counter)
        if left:
            setattr(self, counter, left - 1)
        return bool(left)


class Gateway:
    """A server on 127.0.0.1, its clock and its notifications. Subclasses sign and say when one is acknowledged."""

    handler: type["Handler"]

    def __init__(self, port=0):
        self.knobs = Knobs()
        self.lock = threading.RLock()
        self.requests = []  # (what, content) of every request with a valid signature
        self.refusals = []  # codes answered
        self.notifications = []  # (order number, status and text answered) as they were sent
        self.held = []
        handler = type("BoundHandler", (self.handler,), {"simulator": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self.server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()

    def now(self):
        return datetime.now(CHINA) + timedelta(seconds=self.knobs.clock_skew)

    # --- notifications ---

    def notify(self, number, url, make):
        """Send the notification `make()` -> (headers, body) as often as the knobs say; True if it was acknowledged."""
        if self.knobs.no_notify:
            return False
        if self.knobs.hold_notifications:
            self.held.append((number, url, make))
            return True
        time.sleep(self.knobs.notify_delay)
        return all([self.send(number, url, *make()) for _ in range(self.knobs.notify_count)])

    def release(self, newest_first=True):
        """Send what was held back; return the statuses."""
        held, self.held = self.held, []
        return [
            self.send(number, url, *make()) for number, url, make in (held[::-1] if newest_first else held)
        ]

    def send(self, number, url, headers, body):
        """POST one notification; True if the merchant acknowledged it."""
        request = urllib.request.Request(url, data=body, headers=headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                status, text = response.status, response.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read().decode(errors="replace")
        except OSError as error:
            status, text = 0, str(error)
        self.notifications.append((number, status, text))
        return 200 <= status < 300

    def notify_until_acknowledged(self, number, url, make):
        """What happens after a person has paid: repeat until the merchant answers, as often as the knobs say."""
        for seconds in self.knobs.retry_seconds:
            if self.notify(number, url, make):
                return
            threading.Event().wait(seconds)

    def in_background(self, target, *args):
        threading.Thread(target=target, args=args, daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    """Common HTTP: faults first, then the subclass's `get` and `post`."""

    simulator = None
    protocol_version = "HTTP/1.0"

    def do_GET(self):
        if not self._fault():
            self.get(self.path)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self._fault():
            self.post(self.path, body)

    def _fault(self):
        knobs = self.simulator.knobs
        if self.path.startswith(("/cashier/", "/qr/")):
            return False
        time.sleep(knobs.latency)
        if knobs.take("drop_request"):
            self.close_connection = True
            return True
        if knobs.take("http_500"):
            self.send_error(500)
            return True
        return False

    def answer(self, status, body=b"", content_type="text/html; charset=utf-8", headers=None, droppable=True):
        if droppable and self.simulator.knobs.take("drop_response_after_commit"):
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in {"Content-Type": content_type, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Keep quiet: tests read their own logs."""
