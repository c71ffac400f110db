"""The fifteen days of a PA whose invoices come through another Hub: from the delivery there, not from the reading here.

"Entro il termine di 15 giorni ... dalla data riportata nella ricevuta di consegna" (Specifiche SdI 1.8.1, point 4.5 f).
"""

from __future__ import annotations

import datetime
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from fattorino import clock
from fattorino.core.errors import RefusedError
from fattorino.core.sdi.deadlines import outcome_deadline
from fattorino.documents.models import PassiveInvoice
from fattorino.documents.passive import answering
from fattorino.hub import tasks_collecting
from fattorino.hub.models import Channel
from fattorino.hub.signing import secrets
from fattorino.simulators.hub.server import Server
from fattorino.simulators.hub.service import Service
from tests.desk import Desk, run_jobs
from tests.documents.received import OFFICE, SDI, invoice, mt

NAME, METADATA = "IT01234567897_B0001.xml", "IT01234567897_B0001_MT_001.xml"
DAY = datetime.timedelta(days=1)


@pytest.fixture
def hub() -> Iterator[Server]:
    """The Hub elsewhere."""
    server = Server(Service(":memory:", "segreto", clock.now))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
    server.service.close()


@pytest.fixture
def channel(desk: Desk, hub: Server, settings: Any) -> Channel:
    return Channel.objects.create(
        company=desk.company,
        kind=Channel.Kind.INTERMEDIARY,
        settings={"url": hub.url},
        secrets=secrets.encrypt(json.dumps({"token": "segreto"}).encode(), settings.SECRETS_KEYS),
    )


def read(desk: Desk, hub: Server, channel: Channel, delivered_at: str | None) -> PassiveInvoice:
    """An invoice to the PA, delivered to the Hub then, is read here now."""
    content, metadata = invoice(desk, code=OFFICE), mt(NAME, code=OFFICE, pa=True)
    hub.service.deliver(SDI, NAME, content, METADATA, metadata, delivered_at)
    tasks_collecting.visit(channel.company_id, channel.pk)
    run_jobs()
    return PassiveInvoice.objects.get()


def test_the_term_runs_from_the_delivery_to_the_other_hub(desk: Desk, hub: Server, channel: Channel) -> None:
    delivered = clock.now() - 3 * DAY
    row = read(desk, hub, channel, delivered.astimezone(clock.ROME).isoformat())
    assert (row.delivered_at, row.answer_by) == (delivered, outcome_deadline(delivered))


def test_no_answer_goes_after_fifteen_days_from_the_delivery_to_the_other_hub(
    desk: Desk, hub: Server, channel: Channel
) -> None:
    row = read(desk, hub, channel, (clock.now() - 17 * DAY).isoformat())
    with pytest.raises(RefusedError, match="15 giorni è passato"):
        answering.decide(desk.actor, row.pk, answering.ACCEPTED, now=clock.now())


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(None, id="an older Hub"),
        pytest.param("ieri", id="unreadable"),
        pytest.param("2026-11-20T10:00:00", id="without zone"),
        pytest.param("9999-12-31T23:59:59-12:00", id="beyond time"),
        pytest.param("0001-01-01T00:00:00Z", id="none, in other words"),
        pytest.param((clock.now() + 30 * DAY).isoformat(), id="in the future"),
    ],
)
def test_where_the_delivery_is_not_told_the_term_runs_from_the_reading(
    desk: Desk, hub: Server, channel: Channel, told: str | None
) -> None:
    before = clock.now()
    row = read(desk, hub, channel, told)
    assert row.delivered_at is not None and before <= row.delivered_at <= clock.now()
    assert row.answer_by == outcome_deadline(row.delivered_at)
