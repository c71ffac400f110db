"""`python -m bench.many` with few documents: every question is asked, and the table says what is beyond its limit."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.test import Client

from bench.many import bulk, clock, database, live
from bench.many.documents import drafts
from bench.many.table import Figure, written
from fattorino.config import demo, many
from fattorino.hub.models import Submission
from fattorino.organisations.flows import save_company, save_user
from fattorino.organisations.models import User
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow.live.app import Live
from fattorino.workflow.models import Document, Notice
from tests.desk import NOW

CODE = "00000000001"


@pytest.fixture
def person(db: None, monkeypatch: pytest.MonkeyPatch) -> Actor:
    monkeypatch.setattr(many, "COUNTERPARTS", 20)
    call_command("many", company=CODE, documents=60)
    party = demo.ORDINE | {"denominazione": many.COMPANY_NAME, "id_codice": CODE, "codice_fiscale": CODE}
    company = save_company(party, now=NOW)
    user = save_user("p@prova.example", demo.PASSWORD, "Persona", {company.pk: "operator"}, now=NOW)
    return Actor("utente", "Persona", company.pk, user.pk, "operator")


def test_every_question_is_asked_and_moves_are_made_with_and_without_notices(
    person: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "MOVES", 2)
    monkeypatch.setattr(database, "MOVES", 2)
    crowd = Actor("hub", "misure", person.company_id)
    figures = list(database.measure(crowd, person, now=NOW))
    assert len(figures) > 25 and all(figure.limit for figure in figures)
    with company_scope(person.company_id):
        moved = Document.objects.filter(state=database.ENTERED, created_by_id=person.user_id).count()
        assert moved == 2 * Notice.objects.count() == 6


def test_a_bulk_run_is_carried_to_the_queue_of_sending(person: Actor) -> None:
    _, acquired, whole = bulk.measure(person, 3, now=NOW, second=False)
    assert acquired.seen > whole.seen > 0
    assert acquired.limit == 300 and acquired.least
    with company_scope(person.company_id):
        sent = Document.objects.filter(created_by_id=person.user_id, change_seq__gt=0)
        assert {document.state for document in sent} == {"IN_ELABORAZIONE"}
        assert Submission.objects.filter(status=Submission.Status.QUEUED).count() == 3


def test_an_open_page_is_told_of_every_change_and_how_long_that_took(
    live_server: Any, person: Actor, settings: Any
) -> None:
    ids = drafts(person, 4, now=NOW)
    client = Client()
    client.force_login(User.objects.get(pk=person.user_id))
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    settings.PORT = urlsplit(live_server.url).port
    with channel() as settings.LIVE_PORT:
        figures = list(live.measure(settings.PORT, cookie, ids))
    assert [figure.limit for figure in figures] == [live.LIMIT] * 4
    heard, slowest, shown, last = (figure.seen for figure in figures)
    assert 0 <= heard <= slowest <= last and heard <= shown <= last
    with company_scope(person.company_id):
        assert set(Document.objects.filter(pk__in=ids).values_list("state", flat=True)) == {live.ENTERED}


@contextmanager
def channel() -> Iterator[int]:
    """The live channel behind a server of a few lines, at a port of its own."""
    started, stop, port = threading.Event(), asyncio.Event(), list[int]()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        app, life, ready = Live(), asyncio.Queue[dict[str, Any]](), asyncio.Event()

        async def told(message: dict[str, Any]) -> None:
            ready.set()

        living = asyncio.create_task(app({"type": "lifespan"}, life.get, told))
        await life.put({"type": "lifespan.startup"})
        await ready.wait()
        server = await asyncio.start_server(lambda r, w: answer(app, r, w), "127.0.0.1", 0)
        port.append(server.sockets[0].getsockname()[1])
        started.set()
        await stop.wait()
        server.close()
        await life.put({"type": "lifespan.shutdown"})
        await living

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        started.wait()
        yield port[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


async def answer(app: Live, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One request, whose connection ends with its answer."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).strip().split(b"\r\n")
    method, address, _ = first.decode().split()
    path, _, query = address.partition("?")
    headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(b":") for line in lines)]

    async def receive() -> dict[str, Any]:
        await reader.read()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            lines = [b"HTTP/1.1 %d -" % message["status"], *(b": ".join(pair) for pair in message["headers"])]
            writer.write(b"\r\n".join([*lines, b"connection: close", b"", b""]))
        writer.write(message.get("body", b""))
        await writer.drain()

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": headers,
    }
    await app(scope, receive, send)
    writer.close()


@pytest.mark.parametrize(
    ("seen", "least", "missed"),
    [
        (100.0, False, False),
        (114.0, False, False),
        (116.0, False, True),
        (90.0, True, False),
        (80.0, True, True),
    ],
)
def test_a_limit_is_missed_beyond_what_two_runs_differ_by(seen: float, least: bool, missed: bool) -> None:
    figure = Figure("misura", "ms", seen, 100, least)
    assert figure.missed is missed
    assert ("!" in written([figure])) is missed


def test_what_has_no_limit_is_told_and_never_missed() -> None:
    figure = Figure("misura", "ms", 1e9)
    assert not figure.missed and figure.ratio is None
    assert "1000000000.0 ms" in written([figure])
