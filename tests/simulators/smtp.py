"""A real SMTP server on loopback that keeps what it is sent.

    with SmtpSink() as sink:
        ...                      # point ir.mail_server at sink.host, sink.port
        [message] = sink.messages

Each message is an `email.message.EmailMessage`, with the envelope in `X-Envelope-From` and `X-Envelope-To`.
"""

import socket
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller


class SmtpSink:
    """Accepts every message; `reject` holds addresses that are refused with 550, as unknown mailboxes are."""

    host = "127.0.0.1"

    def __init__(self):
        self.messages = []
        self.reject = set()
        # aiosmtpd connects to the port it was told to see whether it is up, so 0 would not do
        with socket.create_server((self.host, 0)) as probe:
            self.port = probe.getsockname()[1]
        self._controller = Controller(self, hostname=self.host, port=self.port)

    def __enter__(self):
        self._controller.start()
        return self

    def __exit__(self, *exc_info):
        self._controller.stop()

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):  # noqa: N802 (name of aiosmtpd)
        """Refuse unknown mailboxes, take the rest."""
        if address in self.reject:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 (name of aiosmtpd)
        """Keep the message."""
        message = message_from_bytes(envelope.content, policy=policy.default)
        message["X-Envelope-From"] = envelope.mail_from
        message["X-Envelope-To"] = ", ".join(envelope.rcpt_tos)
        self.messages.append(message)
        return "250 OK"
