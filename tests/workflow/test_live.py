"""The live channel: counts that somebody may see, at once, to her own pages only, and for as long as she may."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from django.db import connection, connections
from django.test import Client

from fattorino.config import demo
from fattorino.core.workflow.standard import standard_json
from fattorino.organisations import groups
from fattorino.organisations.flows import save_user
from fattorino.organisations.models import Membership, User
from fattorino.organisations.scope import company_scope
from fattorino.workflow import flows
from fattorino.workflow.flows.notices import mark_all_read
from fattorino.workflow.live import app as live_app
from fattorino.workflow.live import board
from fattorino.workflow.live.address import origin_allowed
from fattorino.workflow.live.app import Live
from tests.desk import Desk, make_desk

pytestmark = pytest.mark.django_db(transaction=True)
T = TypeVar("T")
HOST = "testserver:8002"
PAGE = "http://testserver:8000"
SOON = 8.0  # seconds; two are promised, and the machine of the tests may be busy


@pytest.fixture
def office(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A company whose rows are committed: the channel reads in threads of its own."""
    monkeypatch.setattr(board, "CHECK", 1.0)
    monkeypatch.setattr(live_app, "HEARTBEAT", 0.5)
    yield make_desk(demo.ORDINE, "laura@ordine.example")


@dataclass
class Window:
    """One open page: what it asked and what it has been told."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""
    closed: bool = False
    leave: asyncio.Event = field(default_factory=asyncio.Event)
    heard: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def figures(self) -> list[dict[str, Any]]:
        return [json.loads(line[6:]) for line in self.text.splitlines() if line.startswith('data: {"')]

    async def receive(self) -> dict[str, Any]:
        await self.leave.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        async with self.heard:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                self.headers = {n.decode(): v.decode() for n, v in message["headers"]}
            else:
                self.text += message["body"].decode()
                self.closed = not message.get("more_body", False)
            self.heard.notify_all()

    async def until(self, true: Callable[[Window], bool]) -> None:
        async with self.heard:
            await asyncio.wait_for(self.heard.wait_for(lambda: true(self)), SOON)


def session_of(user_id: int) -> str:
    client = Client()
    client.force_login(User.objects.get(pk=user_id))
    return client.cookies["sessionid"].value


class Channel:
    """The application as a server runs it; `do` is what happens meanwhile, in a thread."""

    def __init__(self) -> None:
        self.app = Live()
        self.tasks: list[asyncio.Task[None]] = []
        self.life: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def start(self) -> None:
        started = asyncio.Event()

        async def send(message: dict[str, Any]) -> None:
            started.set()

        self.tasks.append(asyncio.create_task(self.app({"type": "lifespan"}, self.life.get, send)))
        await self.life.put({"type": "lifespan.startup"})
        await asyncio.wait_for(started.wait(), SOON)

    async def stop(self) -> None:
        await self.life.put({"type": "lifespan.shutdown"})
        await asyncio.wait_for(asyncio.gather(*self.tasks), SOON)

    def open(
        self,
        cookie: str,
        company: object,
        *,
        dashboard: str = "privati",
        host: str = HOST,
        origin: str = PAGE,
        path: str = "/conteggi",
        method: str = "GET",
    ) -> Window:
        window = Window()
        headers = {"host": host, "origin": origin, "cookie": f"sessionid={cookie}" if cookie else ""}
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": f"azienda={company}&dashboard={dashboard}".encode(),
            "headers": [(n.encode(), v.encode()) for n, v in headers.items() if v],
        }
        self.tasks.append(asyncio.create_task(self.app(scope, window.receive, window.send)))
        return window

    async def do(self, function: Callable[..., T], *args: Any) -> T:
        def apart() -> T:
            try:
                return function(*args)
            finally:
                connections.close_all()

        return await asyncio.to_thread(apart)


def play(scene: Callable[[Channel], Awaitable[None]]) -> None:
    async def run() -> None:
        channel = Channel()
        await channel.start()
        try:
            await scene(channel)
        finally:
            await channel.stop()

    asyncio.run(run())


def save(office: Desk) -> None:
    with company_scope(office.company.pk):
        office.save()


def count(window: Window, state: str = "DA_PROCESSARE") -> int:
    return int(window.figures[-1]["states"][state]) if window.figures else -1


def test_a_page_is_told_the_counts_and_then_every_change(office: Desk) -> None:
    cookie = session_of(office.actor.user_id or 0)

    async def scene(channel: Channel) -> None:
        window = channel.open(cookie, office.company.pk)
        await window.until(lambda w: count(w) == 0)
        assert window.headers["content-type"].startswith("text/event-stream")
        assert window.headers["access-control-allow-origin"] == PAGE
        assert window.headers["access-control-allow-credentials"] == "true"
        await channel.do(save, office)
        await window.until(lambda w: count(w) == 1)
        for _ in range(3):
            await channel.do(save, office)
        await window.until(lambda w: count(w) == 4)
        await window.until(lambda w: ": \n\n" in w.text)
        window.leave.set()

    play(scene)


def test_a_page_without_a_dashboard_hears_the_bell_alone(office: Desk) -> None:
    """A notice that came, and one that was read, move the bell of every open page of that person."""
    cookie = session_of(office.actor.user_id or 0)
    with company_scope(office.company.pk):
        definition = standard_json()
        for state in definition["states"]:
            if state["code"] == "DA_PROCESSARE":
                state["notices"] = [{"dashboard": "PR", "group": "group:operator", "mail": False}]
        flows.publish_workflow(office.company, definition, now=office.now)

    def read_all() -> None:
        with company_scope(office.company.pk):
            mark_all_read(office.actor, 2**62, now=office.now)

    def bell(window: Window) -> int:
        return int(window.figures[-1]["bell"]) if window.figures else -1

    async def scene(channel: Channel) -> None:
        plain = channel.open(cookie, office.company.pk, dashboard="")
        board = channel.open(cookie, office.company.pk)
        await plain.until(lambda w: bell(w) == 0)
        await channel.do(save, office)
        for window in (plain, board):
            await window.until(lambda w: bell(w) == 1)
        await channel.do(read_all)
        for window in (plain, board):
            await window.until(lambda w: bell(w) == 0)
        assert all(set(told) == {"bell"} for told in plain.figures) and count(board) == 1

    play(scene)


def test_nothing_is_told_twice(office: Desk) -> None:
    cookie = session_of(office.actor.user_id or 0)

    async def scene(channel: Channel) -> None:
        window = channel.open(cookie, office.company.pk)
        await window.until(lambda w: count(w) == 0)
        await asyncio.sleep(2.5)  # two checks pass
        assert len(window.figures) == 1

    play(scene)


def test_a_reserved_state_is_told_to_its_people_only(office: Desk) -> None:
    with company_scope(office.company.pk):
        definition = standard_json()
        label = groups.save_group(office.actor, "Contabili", [office.actor.user_id or 0], now=office.now)
        for state in definition["states"]:
            if state["code"] == "DA_PROCESSARE":
                state |= {"reserved": True, "reserved_groups": [label]}
        flows.publish_workflow(office.company, definition, now=office.now)
        other = save_user("ada@ordine.example", None, "Ada", {office.company.pk: "operator"}, now=office.now)
    hers, ours = session_of(other.pk), session_of(office.actor.user_id or 0)

    async def scene(channel: Channel) -> None:
        stranger, member = channel.open(hers, office.company.pk), channel.open(ours, office.company.pk)
        await channel.do(save, office)
        await member.until(lambda w: count(w) == 1)
        await stranger.until(lambda w: bool(w.figures))
        await asyncio.sleep(1.5)
        assert all("DA_PROCESSARE" not in told["states"] for told in stranger.figures)
        assert all(told["kinds"]["PR"] == 0 and told["others"] == 0 for told in stranger.figures)

    play(scene)


def test_another_company_s_changes_are_not_told(office: Desk) -> None:
    theirs = make_desk(demo.STUDIO, "giulia@studio.example")
    cookie = session_of(office.actor.user_id or 0)

    async def scene(channel: Channel) -> None:
        window = channel.open(cookie, office.company.pk)
        await window.until(lambda w: count(w) == 0)
        await channel.do(save, theirs)
        await asyncio.sleep(2)
        assert len(window.figures) == 1
        refused = channel.open(cookie, theirs.company.pk)
        await refused.until(lambda w: w.closed)
        assert refused.status == 401 and "DA_PROCESSARE" not in refused.text

    play(scene)


@pytest.mark.parametrize("what", ["signed out", "left the company", "may not sign in", "changed password"])
def test_who_may_no_longer_see_is_told_no_more(office: Desk, what: str) -> None:
    cookie = session_of(office.actor.user_id or 0)

    def away() -> None:
        user = User.objects.get(pk=office.actor.user_id)
        if what == "signed out":
            client = Client()
            client.cookies["sessionid"] = cookie
            client.session.flush()
        elif what == "left the company":
            Membership.objects.filter(user=user).delete()
        elif what == "may not sign in":
            User.objects.filter(pk=user.pk).update(is_active=False)
        else:
            user.set_password("un'altra parola lunga")
            user.save()

    async def scene(channel: Channel) -> None:
        window = channel.open(cookie, office.company.pk)
        await window.until(lambda w: count(w) == 0)
        await channel.do(away)
        await window.until(lambda w: w.closed)
        assert window.text.endswith("event: fine\ndata: {}\n\n")

    play(scene)


def test_who_is_not_signed_in_or_asks_nonsense_gets_nothing(office: Desk) -> None:
    cookie = session_of(office.actor.user_id or 0)
    company = office.company.pk

    async def scene(channel: Channel) -> None:
        for status, window in (
            (401, channel.open("", company)),
            (401, channel.open("x" * 32, company)),
            (404, channel.open(cookie, "tutte")),
            (404, channel.open(cookie, company, dashboard="altro")),
            (404, channel.open(cookie, company, path="/altro")),
            (404, channel.open(cookie, company, host="evil.example")),
            (403, channel.open(cookie, company, origin="https://evil.example")),
            (405, channel.open(cookie, company, method="POST")),
            (200, channel.open("", company, path="/salute")),
        ):
            await window.until(lambda w: w.closed)
            assert window.status == status, (window.status, window.text)

    play(scene)


def test_one_person_keeps_no_more_pages_than_allowed(office: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "PER_USER", 2)
    cookie = session_of(office.actor.user_id or 0)

    async def scene(channel: Channel) -> None:
        windows = [channel.open(cookie, office.company.pk) for _ in range(2)]
        for window in windows:
            await window.until(lambda w: count(w) == 0)
        third = channel.open(cookie, office.company.pk)
        await third.until(lambda w: w.closed)
        assert third.status == 429
        windows[0].leave.set()
        await asyncio.sleep(0.2)
        await channel.open(cookie, office.company.pk).until(lambda w: count(w) == 0)

    play(scene)


def test_a_listener_that_lost_the_database_listens_again_and_misses_nothing(office: Desk) -> None:
    cookie = session_of(office.actor.user_id or 0)

    def cut() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                " where application_name = 'fattorino live' and datname = current_database()"
            )
            # The listener of the test before may still be on its way out.
            assert cursor.fetchone()[0] >= 1

    async def scene(channel: Channel) -> None:
        window = channel.open(cookie, office.company.pk)
        await window.until(lambda w: count(w) == 0)
        await channel.do(cut)
        await channel.do(save, office)
        await window.until(lambda w: count(w) == 1)

    play(scene)


def test_a_stop_closes_the_pages_without_telling_them_that_the_session_ended(office: Desk) -> None:
    cookie = session_of(office.actor.user_id or 0)
    windows: list[Window] = []

    async def scene(channel: Channel) -> None:
        windows.append(channel.open(cookie, office.company.pk))
        await windows[0].until(lambda w: count(w) == 0)

    play(scene)
    assert windows[0].closed and "fine" not in windows[0].text


def test_only_the_products_own_pages_may_read_the_channel(settings: Any) -> None:
    settings.PORT, settings.CSRF_TRUSTED_ORIGINS = 8000, ["https://fatture.example"]
    assert origin_allowed("http://testserver:8000", "testserver:8002")
    assert origin_allowed("https://fatture.example", "127.0.0.1:8002")
    assert origin_allowed("http://testserver:8002", "testserver:8002")
    for origin in (
        "http://testserver:9000",
        "http://other:8000",
        "null",
        "http://[",
        "https://fatture.example.evil",
    ):
        assert not origin_allowed(origin, "testserver:8002")
