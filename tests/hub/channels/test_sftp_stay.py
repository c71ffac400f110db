"""How long somebody who signed in to the nodes' SFTP server may stay: nobody is hurried, and nobody stays for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from fattorino.core.sdi.ftp.supports import LARGEST
from fattorino.hub.sftp import LONGEST_SILENCE, LONGEST_VISIT, Stay, Visit, serve
from fattorino.hub.sftp_accounts import Account

USER, PASSWORD = "sdi", "parola di SdI"
# Only so that a test that fails ends; no test depends on how long anything takes.
PATIENCE = 120


def visited(root: Path, stay: Stay, act: Callable[[asyncssh.SSHClientConnection], Awaitable[Any]]) -> Any:
    """What `act` does as a visitor of a server on this machine."""

    async def both() -> Any:
        key = asyncssh.generate_private_key("ssh-ed25519")
        account = Account(USER, root, PASSWORD)
        acceptor = await serve(lambda user: [account], key, host="127.0.0.1", port=0, stay=stay)
        try:
            async with asyncssh.connect(
                "127.0.0.1", acceptor.get_port(), username=USER, password=PASSWORD, known_hosts=None,
                client_keys=None, config=None,
            ) as connection:  # fmt: skip
                return await asyncio.wait_for(act(connection), PATIENCE)
        finally:
            acceptor.close()
            await acceptor.wait_closed()

    return asyncio.run(both())


async def until_closed(connection: asyncssh.SSHClientConnection) -> str:
    await connection.wait_closed()
    return "closed"


async def ask_for_ever(connection: asyncssh.SSHClientConnection) -> str:
    async with connection.start_sftp_client() as sftp:
        while True:
            try:
                await sftp.listdir(".")
            except (asyncssh.Error, OSError):
                return "closed"


async def ask_once(connection: asyncssh.SSHClientConnection) -> list[str]:
    async with connection.start_sftp_client() as sftp:
        return [str(name) for name in await sftp.listdir(".")]


def test_who_signed_in_and_asks_for_nothing_is_sent_away(tmp_path: Path) -> None:
    assert visited(tmp_path, Stay(whole=3600, silent=0.3), until_closed) == "closed"


def test_who_asks_without_end_is_sent_away_too(tmp_path: Path) -> None:
    assert visited(tmp_path, Stay(whole=1, silent=3600), ask_for_ever) == "closed"


def test_who_does_what_he_came_for_is_not(tmp_path: Path) -> None:
    assert "DatiDaSdI" in visited(tmp_path, Stay(), ask_once)


class Clock:
    """A loop whose time passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0
        self.later: list[tuple[float, Callable[[], None], Any]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, act: Callable[[], None]) -> Any:
        clock = self

        class Handle:
            def cancel(self) -> None:
                clock.later = [each for each in clock.later if each[2] is not self]

        handle = Handle()
        self.later.append((self.now + seconds, act, handle))
        return handle

    def passes(self, seconds: float) -> None:
        until = self.now + seconds
        while due := [each for each in self.later if each[0] <= until]:
            first = min(due, key=lambda each: each[0])
            self.later.remove(first)
            self.now = first[0]
            first[1]()
        self.now = until


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_whoever_is_heard_of_now_and_then_stays_to_the_end_of_his_time(clock: Clock) -> None:
    left: list[float] = []
    visit = Visit(lambda: left.append(clock.now), Stay(whole=100, silent=10), clock)  # type: ignore[arg-type]
    for _ in range(12):
        clock.passes(8)
        visit.heard()
    assert not left
    clock.passes(8)
    assert left == [100]


def test_silence_counts_from_the_last_that_was_asked(clock: Clock) -> None:
    left: list[float] = []
    visit = Visit(lambda: left.append(clock.now), Stay(whole=100, silent=10), clock)  # type: ignore[arg-type]
    clock.passes(7)
    visit.heard()
    clock.passes(9)
    assert not left
    clock.passes(2)
    assert left == [17]


def test_who_has_gone_is_sent_away_no_more(clock: Clock) -> None:
    left: list[float] = []
    visit = Visit(lambda: left.append(clock.now), Stay(whole=100, silent=10), clock)  # type: ignore[arg-type]
    visit.over()
    clock.passes(1000)
    assert not left


def test_the_largest_support_comes_over_a_slow_line() -> None:
    slow = 10_000  # bytes a second
    assert LARGEST / slow < LONGEST_VISIT / 2
    assert 1_000_000 / slow < LONGEST_SILENCE, "no client asks for more at once"
