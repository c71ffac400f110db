"""SdI's simulator delivers an invoice to the product by RicezioneFatture, and tells it when the term has passed."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.test import Client

from fattorino.documents.models import PassiveInvoice, Reception
from fattorino.hub.models import Message
from fattorino.organisations.scope import company_scope, system_scope
from fattorino.simulators.sdi import recipients
from fattorino.simulators.sdi.outbox import Outbox
from fattorino.simulators.sdi.server import Simulator
from tests.desk import Desk, run_jobs
from tests.documents.received import CODE, OFFICE, invoice
from tests.documents.test_receiving import signed

HOUR = 3601


class IntoTheProduct:
    """The way of the simulator's messages leads into the product, in this thread; what it sends is its own."""

    def __init__(self) -> None:
        self.answers: list[int] = []

    def post(self, url: str, content: bytes, headers: dict[str, str]) -> httpx.Response:
        extra = {f"HTTP_{name.upper()}": value for name, value in headers.items() if name != "Content-Type"}
        client = Client(raise_request_exception=False)
        answer = client.post(url, content, content_type=headers["Content-Type"], **extra)
        self.answers.append(answer.status_code)
        return httpx.Response(
            answer.status_code,
            content=answer.content,
            headers={"content-type": answer.get("Content-Type", "")},
        )

    def close(self) -> None: ...


@pytest.fixture
def sdi(db: None, settings: Any, tmp_path: pathlib.Path) -> Iterator[Simulator]:
    """The simulator, not started: the test itself lets time pass, so that all happens in its own transaction."""
    settings.SDI_ALLOW_LOOPBACK, settings.SDI_PROXY_SECRET = True, ""
    simulator = Simulator(tmp_path, deliver_to="http://testserver/sdi", speed=0)
    for code in (CODE, OFFICE):
        url = "http://testserver/sdi/ricezione"
        recipients.save(simulator.books, recipients.Recipient(code, recipients.CHANNEL, url=url))
    assert isinstance(simulator.carrier, Outbox)
    simulator.carrier._client = IntoTheProduct()  # type: ignore[assignment]
    yield simulator
    simulator.books.close()


def pass_time(sdi: Simulator, hours: int) -> None:
    for _ in range(hours):
        sdi.clock.advance(HOUR)
        while sdi.exchange.run_due() or sdi.carrier.send_due():
            pass


@pytest.mark.parametrize(
    ("code", "state"), [(CODE, "RICEVUTO"), (OFFICE, "RICEVUTO_DA_ESITARE")], ids=["private", "pa"]
)
def test_an_invoice_travels_from_sdi_into_the_passive_desk(
    desk: Desk, sdi: Simulator, code: str, state: str
) -> None:
    content = invoice(desk, code=code)
    if code == OFFICE:
        content = signed(content)
    name = "IT01234567897_B0001.xml" + (".p7m" if code == OFFICE else "")
    taken = sdi.exchange.accept(name, content)
    pass_time(sdi, 3)
    file = sdi.books.file(int(taken.identificativo_sdi))
    assert file is not None and file.outcome == "", file
    with company_scope(desk.company.pk):
        run_jobs()
        passive = PassiveInvoice.objects.select_related("document", "reception").get()
    assert passive.document.state == state
    assert (passive.identificativo_sdi, passive.codice_destinatario) == (taken.identificativo_sdi, code)
    assert bytes(passive.reception.content) == content
    assert "MT" in passive.reception.metadata_name and passive.reception.note == ""


def test_the_end_of_the_term_arrives_as_a_message(desk: Desk, sdi: Simulator) -> None:
    taken = sdi.exchange.accept("IT01234567897_B0001.xml.p7m", signed(invoice(desk, code=OFFICE)))
    pass_time(sdi, 3)
    with system_scope():
        assert Reception.objects.get().identificativo_sdi == taken.identificativo_sdi
    sdi.clock.advance(16 * 24 * HOUR)
    pass_time(sdi, 2)
    with system_scope():
        kinds = [message.name for message in Message.objects.all()]
    assert any("_DT_" in name for name in kinds)
