"""Submission over SMTP with implicit TLS and login, with the faults of real lines on demand."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from fattorino.simulators.pec.faults import Faults
from fattorino.simulators.pec.post import Post


class _Server(SMTP):
    """Cuts the line in the middle of a body where that is ordered; the library gives no hook there."""

    async def smtp_DATA(self, arg: str) -> None:
        handler: _Handler = self.event_handler
        fault = handler.faults.strike("cut_before_data", "cut_in_data")
        if fault is None:
            await super().smtp_DATA(arg)
            return
        if fault == "cut_in_data":
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            await self._reader.readline()
        _cut(self)


def _cut(server: SMTP) -> None:
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()


class _Handler:
    def __init__(self, post: Post, faults: Faults) -> None:
        self.post = post
        self.faults = faults

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.faults.strike("slow"):
            await asyncio.sleep(self.faults.seconds)
        if self.faults.strike("refused"):
            return "550 5.7.1 invio sospeso"
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.faults.strike("busy"):
            return "451 4.3.2 riprovare piu' tardi"
        data = envelope.content if isinstance(envelope.content, bytes) else b""
        sender = session.auth_data.login.decode() if session.auth_data else ""
        cut = self.faults.strike("cut_after_data")
        await asyncio.to_thread(self.post.submit, sender, list(envelope.rcpt_tos), data)
        if cut:
            _cut(server)
        return "250 2.0.0 Messaggio accettato"


def authenticator(post: Post, faults: Faults) -> Any:
    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        good = (
            isinstance(data, LoginPassword)
            and not faults.strike("login")
            and post.mailboxes.admits(
                data.login.decode("utf-8", "replace"), data.password.decode("utf-8", "replace")
            )
        )
        return AuthResult(success=good, handled=good, auth_data=data if good else None)

    return check


async def serve(post: Post, faults: Faults, context: ssl.SSLContext, host: str, port: int) -> asyncio.Server:
    """Listen; `port` 0 chooses a free one. Raises OSError where the address cannot be used."""
    handler = _Handler(post, faults)

    # Its warning about AUTH without TLS is about a line that is TLS from the first octet.
    warnings.filterwarnings("ignore", message="Requiring AUTH while not requiring TLS", module="aiosmtpd")

    def factory() -> SMTP:
        return _Server(
            handler,
            hostname="pec.loopback",
            data_size_limit=100_000_000,
            auth_required=True,
            # The line is TLS from the first octet, which the library does not see.
            auth_require_tls=False,
            authenticator=authenticator(post, faults),
        )

    return await asyncio.get_running_loop().create_server(factory, host, port, ssl=context)
