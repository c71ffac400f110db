"""The open pages, and what each is told: at most once a second, and only what differs from what it knows."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import TypeVar

from django.db import DatabaseError, InterfaceError, connections

from fattorino.workflow.dashboards import Figures
from fattorino.workflow.live import listener, reading
from fattorino.workflow.live.reading import Told, Wish

T = TypeVar("T")

THREADS = 2
PER_USER = 20
AT_ALL = 3000
NOT_SOONER = 1.0  # seconds between two looks at a company
CHECK = 30.0  # seconds after which sessions and memberships are asked for again though nothing changed

log = logging.getLogger(__name__)


class Page:
    """One open page. Its mailbox holds the newest figures only: a slow reader misses what is past anyway."""

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self.ended = False  # nothing more will come
        self.refused = False  # because whoever reads may no longer
        self._known = ""
        self._waiting = ""
        self._ring = asyncio.Event()

    def tell(self, text: str) -> None:
        if text != self._known:
            self._known = self._waiting = text
            self._ring.set()

    def end(self, *, refused: bool = False) -> None:
        self.ended, self.refused = True, refused
        self._ring.set()

    async def next(self) -> str:
        """What is new since the last call; empty when it was only the end."""
        await self._ring.wait()
        self._ring.clear()
        text, self._waiting = self._waiting, ""
        return text


class Board:
    def __init__(self) -> None:
        self._pages: dict[int, set[Page]] = {}
        self._dirty: dict[int, asyncio.Event] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._listening: asyncio.Task[None] | None = None
        self._closed = False
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="live")

    def start(self) -> None:
        self._listening = asyncio.create_task(listener.listen(self._changed, self._all_changed))

    async def stop(self) -> None:
        for task in filter(None, [self._listening, *self._tasks.values()]):
            task.cancel()
        self.close()
        together = threading.Barrier(THREADS)
        await asyncio.gather(*(self.read(_leave, together) for _ in range(THREADS)))
        self._threads.shutdown()

    def close(self) -> None:
        """Let every page go, those too that still come: they connect again to whoever comes next."""
        self._closed = True
        for pages in self._pages.values():
            for page in pages:
                page.end()

    async def read(self, function: Callable[..., T], *args: object) -> T:
        """Run what asks the database in a thread of ours."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *args)

    def full_for(self, user_id: int) -> bool:
        open_now = Counter(page.wish.user_id for pages in self._pages.values() for page in pages)
        return open_now[user_id] >= PER_USER or open_now.total() >= AT_ALL

    def add(self, wish: Wish) -> Page:
        page = Page(wish)
        if self._closed:
            page.end()
        company = wish.company_id
        self._pages.setdefault(company, set()).add(page)
        self._dirty.setdefault(company, asyncio.Event()).set()
        if company not in self._tasks:
            self._tasks[company] = asyncio.create_task(self._serve(company))
            self._tasks[company].add_done_callback(lambda task: self._served(company, task))
        return page

    def remove(self, page: Page) -> None:
        company = page.wish.company_id
        pages = self._pages.get(company, set())
        pages.discard(page)
        if not pages:
            self._pages.pop(company, None)
            self._dirty.pop(company, None)
            if task := self._tasks.pop(company, None):
                task.cancel()

    def _served(self, company: int, task: asyncio.Task[None]) -> None:
        """Serving never ends by itself: after a fault nobody thought of the pages connect anew."""
        if task.cancelled() or (error := task.exception()) is None:
            return
        log.error("counts of company %s no longer served", company, exc_info=error)
        self._tasks.pop(company, None)
        for page in self._pages.get(company, set()):
            page.end()

    def _changed(self, company: int) -> None:
        if event := self._dirty.get(company):
            event.set()

    def _all_changed(self) -> None:
        for event in self._dirty.values():
            event.set()

    async def _serve(self, company: int) -> None:
        dirty, checked = self._dirty[company], 0.0
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(dirty.wait(), CHECK)
            dirty.clear()
            thoroughly = time.monotonic() - checked >= CHECK
            pages = tuple(self._pages.get(company, ()))
            try:
                found = await self.read(_look, company, {page.wish for page in pages}, thoroughly)
            except (DatabaseError, InterfaceError) as error:
                log.warning("counts of company %s not read, trying again: %s", company, error)
                dirty.set()
            else:
                checked = time.monotonic() if thoroughly else checked
                for page in pages:
                    if page.wish in found:
                        page.tell(_told(found[page.wish]))
                    else:
                        page.end(refused=True)
            await asyncio.sleep(NOT_SOONER)


def _leave(together: threading.Barrier) -> None:
    connections.close_all()
    together.wait()  # so that each thread comes once


def _look(company: int, wishes: Collection[Wish], thoroughly: bool) -> dict[Wish, Told]:
    return reading.look(company, wishes, thoroughly=thoroughly)


def as_text(figures: Figures) -> str:
    """The figures as pages read them when they ask."""
    return _json(asdict(figures))


def _told(told: Told) -> str:
    """The same from the channel, with the bell's number."""
    return _json({"bell": told.bell, **(asdict(told.figures) if told.figures else {})})


def _json(values: dict[str, object]) -> str:
    return json.dumps(values, separators=(",", ":"), sort_keys=True)
