"""The bytes of what was fetched go after a year; that it came stays known."""

from __future__ import annotations

import datetime

import pytest

from fattorino import clock
from fattorino.hub import tasks_collecting
from fattorino.hub.channels.base import Raw
from fattorino.hub.flows import collect, tidying
from fattorino.hub.models import Channel, Collected
from tests.desk import NOW, Desk, jobs

DAY = datetime.timedelta(days=1)


@pytest.fixture
def channel(desk: Desk) -> Channel:
    return Channel.objects.create(company=desk.company, kind="pec")


def came(channel: Channel, name: str, days: int, *, read: bool = True) -> Collected:
    number = collect.keep(channel, Raw(name, name.encode(), ""), now=NOW - days * DAY)
    if read:
        collect.have_read(number, [], now=NOW - days * DAY)
    return Collected.objects.get(pk=number)


def content(row: Collected) -> bytes:
    return bytes(Collected.objects.get(pk=row.pk).content)


def test_only_what_was_read_more_than_a_year_ago_is_emptied(
    desk: Desk, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(tidying, "AT_ONCE", 1)
    old, older = came(channel, "old", 366), came(channel, "older", 3000)
    young, unread = came(channel, "young", 364), came(channel, "unread", 3000, read=False)
    aside = came(channel, "aside", 3000, read=False)
    collect.set_aside(aside.pk, "Non si legge.", now=NOW)
    tasks_collecting.tidy_collected.func(timestamp=0)
    assert [content(row) for row in (old, older)] == [b"", b""]
    assert [content(row) for row in (young, unread, aside)] == [b"young", b"unread", b"aside"]
    assert tidying.empty_collected(now=NOW) == 0


def test_what_comes_again_after_its_bytes_went_is_known_and_not_read_again(
    desk: Desk, channel: Channel
) -> None:
    row = came(channel, "letter", 400)
    assert tidying.empty_collected(now=NOW) == 1
    before = len(jobs("hub.read_collected"))
    assert collect.keep(channel, Raw("letter", b"letter", ""), now=NOW) == row.pk
    row.refresh_from_db()
    assert (row.arrivals, bytes(row.content)) == (2, b"") and len(jobs("hub.read_collected")) == before
