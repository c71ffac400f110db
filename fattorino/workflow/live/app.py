"""The live channel as an ASGI application: one address that is read for as long as a page is open."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterable
from types import FrameType
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.http import parse_cookie

from fattorino.workflow.dashboards import BY_SLUG
from fattorino.workflow.live import reading
from fattorino.workflow.live.address import host_allowed, origin_allowed
from fattorino.workflow.live.board import Board, Page

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

HEARTBEAT = 15.0  # seconds; proxies close what is silent for longer than a minute
RETRY = 3000  # milliseconds until the browser tries again
END = "event: fine\ndata: {}\n\n"


class Live:
    """The application; `board` is made when the server's loop runs.

    Args:
        own_process: it may listen to the signals that stop the process.
    """

    def __init__(self, *, own_process: bool = False) -> None:
        self.board: Board | None = None
        self._own_process = own_process

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.board = Board()
                self.board.start()
                if self._own_process:
                    _beside(self.board.close)
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                if self.board:
                    await self.board.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        host, origin = headers.get("host", ""), headers.get("origin", "")
        path = scope["path"].rstrip("/")
        if path.endswith("/salute"):
            await _answer(send, 200, "in funzione")
        elif not path.endswith("/conteggi") or not host_allowed(host):
            await _answer(send, 404, "non trovato")
        elif scope["method"] != "GET":
            await _answer(send, 405, "solo GET")
        elif origin and not origin_allowed(origin, host):
            await _answer(send, 403, "pagina di un altro sito")
        else:
            await self._stream(scope, headers, _cors(origin), receive, send)

    async def _stream(
        self,
        scope: Scope,
        headers: dict[str, str],
        cors: list[tuple[bytes, bytes]],
        receive: Receive,
        send: Send,
    ) -> None:
        assert self.board is not None
        asked = parse_qs(scope["query_string"].decode("latin-1"))
        company, name = asked.get("azienda", [""])[0], asked.get("dashboard", [""])[0]
        dashboard = BY_SLUG.get(name)
        key = parse_cookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME, "")
        # A page without a dashboard has a bell.
        if (name and dashboard is None) or not (
            company.isascii() and company.isdecimal() and len(company) < 19
        ):
            return await _answer(send, 404, "non trovato", cors)
        wish = await self.board.read(reading.admit, key, int(company), dashboard) if key else None
        if wish is None:
            return await _answer(send, 401, "accesso scaduto", cors)
        if self.board.full_for(wish.user_id):
            return await _answer(send, 429, "troppe pagine aperte", cors)
        page = self.board.add(wish)
        try:
            await _follow(page, cors, receive, send)
        finally:
            self.board.remove(page)
        return None


def _beside(act: Callable[[], None]) -> None:
    """At a signal to stop do this too, beside what the server does: it would wait for the open pages to go away by
    themselves, and tells us of its end only after that."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)

        def heed(signum: int, frame: FrameType | None, before: Any = before) -> None:
            loop.call_soon_threadsafe(act)
            if callable(before):
                before(signum, frame)

        signal.signal(number, heed)
        signal.siginterrupt(number, False)  # as the loop had set it


async def _follow(page: Page, cors: list[tuple[bytes, bytes]], receive: Receive, send: Send) -> None:
    kind = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]
    await send({"type": "http.response.start", "status": 200, "headers": [*kind, *_SAFE, *cors]})
    await _say(send, f"retry: {RETRY}\n\n")
    gone = asyncio.create_task(_gone(receive))
    news: asyncio.Task[str] | None = None
    try:
        while not gone.done():
            news = news or asyncio.create_task(page.next())
            await asyncio.wait({gone, news}, timeout=HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                return
            if not news.done():
                await _say(send, ": \n\n")
                continue
            if text := news.result():
                await _say(send, f"event: conteggi\ndata: {text}\n\n")
            if page.ended:
                await _say(send, END if page.refused else "", more=False)
                return
            news = None
    finally:
        for task in filter(None, (gone, news)):
            task.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _say(send: Send, text: str, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": more})


_SAFE = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]


def _cors(origin: str) -> list[tuple[bytes, bytes]]:
    vary = [(b"vary", b"Origin")]
    if not origin:
        return vary
    return [
        *vary,
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-credentials", b"true"),
    ]


async def _answer(send: Send, status: int, text: str, more: Iterable[tuple[bytes, bytes]] = ()) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *_SAFE, *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})
