"""Invoices of many programs through import, the button and the real protocol to SdI's simulator.

What the product lets out arrives byte for byte and is accepted; what it refuses SdI refuses too.
"""

from __future__ import annotations

import dataclasses
import pathlib
import time
from collections.abc import Iterator

import pytest

from fattorino import clock
from fattorino.core.errors import InputError
from fattorino.core.fatturapa import check, read_fattura
from fattorino.core.fatturapa.checking import Side
from fattorino.core.fatturapa.draft import Party
from fattorino.core.fatturapa.envelope import unwrap, verify
from fattorino.core.fatturapa.summary import Summary, summarise
from fattorino.documents import importing
from fattorino.documents.models import ImportedFile
from fattorino.hub.flows.receive import take_message
from fattorino.organisations.scope import company_scope
from fattorino.simulators.sdi.books import File
from fattorino.simulators.sdi.server import Simulator
from fattorino.simulators.sdi.signature import open_signer
from fattorino.workflow.models import Document
from tests.conftest import SHARED
from tests.desk import Desk, make_desk, run_jobs

FOLDER = SHARED / "sdi" / "invoices"
SAMPLES = sorted(path.name for path in FOLDER.glob("*")) or ["(none)"]
UNSIGNED = "00102"  # what SdI says besides of a file for the PA that has no signature yet
DELIVERED = {
    "CONSEGNATO": "CONSEGNATO",
    "CONSEGNATO_PA": "CONSEGNATO",
    "MANCATA_CONSEGNA": "MANCATA_CONSEGNA",
    "MANCATA_CONSEGNA_PA": "MANCATA_CONSEGNA",
}


@pytest.fixture(scope="module")
def signer_keys(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Making the simulator's keys takes longer than a test."""
    folder = tmp_path_factory.mktemp("sdi-keys")
    open_signer(folder, clock.now())
    return folder


@pytest.fixture
def sdi(tmp_path: pathlib.Path, signer_keys: pathlib.Path, settings: object) -> Iterator[Simulator]:
    """SdI with empty books; its clock stands still, and its receipts wait to be fetched."""
    for path in signer_keys.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with Simulator(tmp_path, speed=0) as simulator:
        settings.HUB_RICEVI_FILE_URL = f"{simulator.address}/ricevi_file"  # type: ignore[attr-defined]
        yield simulator


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.django_db
def test_a_sample_goes_out_unchanged_and_sdi_agrees_with_our_check(
    name: str, shared_data: pathlib.Path, sdi: Simulator
) -> None:
    content = (shared_data / "sdi" / "invoices" / name).read_bytes()
    errors = faults(content, "emitter")
    refused_by_sdi = faults(content, "receiver")
    assert refused_by_sdi <= errors  # where official texts disagree we are the stricter
    try:
        summary = summarise(read_fattura(unwrap(content).content))
    except InputError:
        found = judged(sdi, content)
        assert found.state == "SCARTATO" and set(found.outcome.split()) <= errors | {UNSIGNED}
        return
    desk = company_of(summary)
    with company_scope(desk.company.pk):
        row = handed_in(desk, name, content)
        if row.status == ImportedFile.Status.REFUSED:
            # A file of many invoices is the other thing that a company does not send from here.
            assert errors or summary.bodies > 1, row.outcomes
            return
        document = Document.objects.get(pk=row.outcomes[0]["document_id"])
        desk.press(document)
        run_jobs()
        sent = files(sdi)
        if errors:
            assert (desk.state(document), sent) == ("DA_INTEGRARE", [])
            assert set(judged(sdi, content).outcome.split()) - {UNSIGNED} == refused_by_sdi
            return
        assert len(sent) == 1, desk.state(document)
        taken = sent[0].content
        # A file for the PA that came without a signature is sent inside one.
        assert content in (taken, unwrap(taken).content)
        answered(sdi)
        assert DELIVERED[desk.state(document)] == files(sdi)[0].state


def faults(content: bytes, side: Side) -> set[str]:
    """The codes for which our own check refuses a file, content and signature."""
    opened = unwrap(content)
    today = clock.day(clock.now())
    findings = [*check(opened.content, on=today, side=side), *verify(opened, at=clock.now())]
    return {finding.code for finding in findings if finding.severity == "error"}


def company_of(summary: Summary) -> Desk:
    """The issuer of the sample as a company of ours."""
    by_buyer = summary.tipo_documento in importing.BY_THE_BUYER or summary.soggetto_emittente == "CC"
    issuer = summary.cedente if (summary.cedente.id_paese == "IT" or not by_buyer) else summary.cessionario
    if issuer.id_paese != "IT" or not issuer.id_codice or not name_of(issuer):
        pytest.skip("the cedente cannot be made a company here")
    filled = {key: value for key, value in dataclasses.asdict(issuer).items() if value}
    return make_desk(filled | {"regime_fiscale": issuer.regime_fiscale or "RF01"}, "prova@esempio.example")


def name_of(party: Party) -> str:
    return party.denominazione or f"{party.nome or ''} {party.cognome or ''}".strip()


def handed_in(desk: Desk, name: str, content: bytes) -> ImportedFile:
    row = importing.take_file(desk.actor, name, content, now=clock.now())
    run_jobs()
    return ImportedFile.objects.get(pk=row.pk)


# SdI's side -----------------------------------------------------------------------------------------------


def files(sdi: Simulator) -> list[File]:
    found = [sdi.books.file(row["id"]) for row in sdi.books.rows("select id from file order by id")]
    return [file for file in found if file is not None]


def judged(sdi: Simulator, content: bytes) -> File:
    """What SdI makes of the bytes when somebody else sends them."""
    answer = sdi.exchange.accept("IT01234567890_PROVA.xml", content)
    pass_hours(sdi, 1)
    file = sdi.books.file(int(answer.identificativo_sdi))
    assert file is not None
    return file


def answered(sdi: Simulator) -> None:
    """Let SdI deliver, and hand its receipts to the product."""
    pass_hours(sdi, 2)
    for row in sdi.books.rows("select file_id, nome_file, content from message order by id"):
        take_message(row["nome_file"], bytes(row["content"]), str(row["file_id"]), now=clock.now())
    run_jobs()


def pass_hours(sdi: Simulator, hours: int) -> None:
    """Hour by hour, each time until what is due is done."""
    for _ in range(hours):
        sdi.clock.advance(3601)
        sdi.wake()
        deadline = time.monotonic() + 30
        while (due := sdi.books.next_step_due()) is not None and due <= sdi.clock.elapsed():
            assert time.monotonic() < deadline, "the simulator is stuck"
            time.sleep(0.005)
