"""A mail catcher for `./ar demo`: takes every mail over SMTP, keeps it as an .eml file, shows it on a small web page.

    python -m tests.simulators.mailbox --smtp-port 2525 --http-port 2580 --folder .work/mail

Nothing leaves the machine: both servers listen on 127.0.0.1 only and no mail is passed on.
"""

import argparse
import email
import email.policy
import html
import itertools
import sys
import time
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>{head}<style>
body {{ font: 15px/1.5 system-ui, "Noto Sans CJK SC", sans-serif; margin: 0; background: #f4f5f7; color: #1f2733 }}
header {{ background: #714b67; color: #fff; padding: .8rem 1.5rem; font-size: 1.1rem }} header a {{ color: #fff }}
main {{ max-width: 62rem; margin: 1.5rem auto; padding: 0 1rem }}
table, article {{ width: 100%; background: #fff; border-radius: 6px; box-shadow: 0 1px 3px #0002 }}
table {{ border-collapse: collapse }}
td, th {{ padding: .55rem .9rem; text-align: left; border-bottom: 1px solid #eceef1 }} td a {{ color: #017e84 }}
td:last-child, th:last-child {{ white-space: nowrap; color: #667 }} article {{ padding: 1rem; box-sizing: border-box }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: 0 0 1rem }}
dt {{ color: #667 }} dd {{ margin: 0 }}
iframe {{ width: 100%; height: 62vh; border: 1px solid #e2e5e9; border-radius: 4px }} pre {{ white-space: pre-wrap }}
</style></head><body><header>{header}</header><main>{main}</main></body></html>"""


class Store:
    """The caught mails: a folder of .eml files, named so that they sort by arrival."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.counter = itertools.count()
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, content: bytes) -> str:
        """Keep one message; the file appears complete or not at all. Return its name."""
        name = f"{time.time_ns():020d}-{next(self.counter):04d}.eml"
        part = self.folder / f"{name}.part"
        part.write_bytes(content)
        part.rename(self.folder / name)
        return name

    def names(self) -> list[str]:
        """Names of the messages, newest first."""
        return sorted((path.name for path in self.folder.glob("*.eml")), reverse=True)

    def read(self, name: str) -> EmailMessage | None:
        """The message of that name; None for a name that isn't in the folder."""
        if name not in self.names():
            return None
        return email.message_from_bytes((self.folder / name).read_bytes(), policy=email.policy.default)


class Catcher:
    """aiosmtpd's handler: accepts everything."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the message and say so in the terminal."""
        name = self.store.add(envelope.content)
        message = self.store.read(name)
        print(f"mail to {', '.join(envelope.rcpt_tos)}: {message['subject']}", flush=True)  # noqa: T201
        return "250 OK"


class Viewer(BaseHTTPRequestHandler):
    """The web page: / lists the mails, /NAME shows one, /NAME/body its HTML, /NAME/N its Nth attachment."""

    store: Store

    def do_GET(self) -> None:
        """Answer one request."""
        name, _slash, part = unquote(self.path.split("?")[0]).strip("/").partition("/")
        message = self.store.read(name) if name else None
        if not name:
            self.reply(self.listing())
        elif message is None:
            self.reply(
                PAGE.format(title="Not found", head="", header='<a href="/">Mails</a>', main="No such mail."),
                404,
            )
        elif part == "body":
            self.reply(body_html(message))
        elif part.isdecimal():
            self.attachment(message, int(part))
        else:
            self.reply(show(name, message))

    def listing(self) -> str:
        """The page with all mails."""
        rows = "".join(
            f'<tr><td><a href="/{quote(name)}">{text(message["subject"]) or "(no subject)"}</a></td>'
            f"<td>{text(message['to'])}</td><td>{text(str(message['date'])[:25])}</td></tr>"
            for name in self.store.names()[:500]
            if (message := self.store.read(name))
        )
        main = (
            f"<table><tr><th>Subject</th><th>To</th><th>Sent</th></tr>{rows}</table>"
            if rows
            else "<p>No mail yet. Whatever Odoo sends shows up here; nothing leaves this machine.</p>"
        )
        head = '<meta http-equiv="refresh" content="5">'
        return PAGE.format(title="Caught mails", head=head, header="Caught mails", main=main)

    def attachment(self, message: EmailMessage, index: int) -> None:
        """Send the attachment with that number."""
        parts = list(message.iter_attachments())
        if index >= len(parts):
            self.send_error(404)
            return
        content = parts[index].get_payload(decode=True) or b""
        self.reply(content, content_type=parts[index].get_content_type())

    def reply(
        self, content: str | bytes, status: int = 200, content_type: str = "text/html; charset=utf-8"
    ) -> None:
        """Send a whole answer. Mails are foreign content: no script runs, no frame but ours shows them."""
        data = content.encode() if isinstance(content, str) else content
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.send_header(
            "Content-Security-Policy", "script-src 'none'; object-src 'none'; frame-ancestors 'self'"
        )
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        """Keep the terminal for the mails."""


def text(value: object) -> str:
    """`value` as HTML text."""
    return html.escape(str(value or ""))


def show(name: str, message: EmailMessage) -> str:
    """The page of one mail."""
    fields = "".join(
        f"<dt>{key}</dt><dd>{text(message[key])}</dd>" for key in ("From", "To", "Cc", "Date") if message[key]
    )
    files = " · ".join(
        f'<a href="/{quote(name)}/{index}" target="_blank">{text(part.get_filename() or "attachment")}</a>'
        for index, part in enumerate(message.iter_attachments())
    )
    if files:
        fields += f"<dt>Files</dt><dd>{files}</dd>"
    frame = (
        f'<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" src="/{quote(name)}/body"></iframe>'
    )
    main = f"<article><h2>{text(message['subject'])}</h2><dl>{fields}</dl>{frame}</article>"
    return PAGE.format(
        title=text(message["subject"]), head="", header='<a href="/">Caught mails</a>', main=main
    )


def body_html(message: EmailMessage) -> str:
    """The HTML of a mail, its plain text if it has no HTML. Links open in a new tab."""
    part = message.get_body(preferencelist=("html", "plain"))
    content = part.get_content() if part else ""
    if part is None or part.get_content_type() == "text/plain":
        content = f"<pre>{text(content)}</pre>"
    return f'<base target="_blank">{content}'


def main() -> None:
    """Serve until the process is told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    args = parser.parse_args()
    store = Store(args.folder)
    controller = Controller(Catcher(store), hostname=HOST, port=args.smtp_port, data_size_limit=50_000_000)
    controller.start()
    server = ThreadingHTTPServer((HOST, args.http_port), type("BoundViewer", (Viewer,), {"store": store}))
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)
    finally:
        controller.stop()


if __name__ == "__main__":
    main()
