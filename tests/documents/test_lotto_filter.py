"""The documents of one file are found together, in lists, sums, exports and for an *invio massivo*."""

from __future__ import annotations

import pytest
from django.test import Client

from fattorino.core.fatturapa import read_fattura, write_fattura
from fattorino.documents import finding, queries, selection
from fattorino.documents.finding import DocumentFilters
from fattorino.documents.selection import Chosen
from fattorino.organisations.models import User
from fattorino.workflow.models import Document
from tests.desk import NOW, Desk, run_jobs
from tests.documents.lotti import lotto_of
from tests.documents.received import OFFICE, bring, invoice, mt
from tests.documents.test_importing import take


@pytest.fixture
def client(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr("fattorino.clock.now", lambda: NOW)
    client = Client()
    client.force_login(User.objects.get(pk=desk.actor.user_id))
    return client


def two_lotti(desk: Desk) -> int:
    """The number of the second one, which holds L1 and L2; beside it another lotto and a document of its own."""
    take(desk, lotto_of(desk, "X1", "X2"), "altro.xml")
    desk.save()
    told = take(desk, lotto_of(desk, "L1", "L2"), "lotto.xml").outcomes[0]
    return int(told["document_id"])


def numbers(desk: Desk, **wanted: object) -> list[str]:
    page = queries.list_documents(desk.actor, DocumentFilters(**wanted))  # type: ignore[arg-type]  # of many types
    return sorted(row.number for row in page.rows)


def test_a_list_is_narrowed_to_the_documents_of_one_file(desk: Desk) -> None:
    lotto = two_lotti(desk)
    assert numbers(desk, lotto=lotto) == ["L1", "L2"]
    assert numbers(desk, lotto=lotto, number="L2") == ["L2"]
    assert numbers(desk, lotto=lotto, text="rossi") == ["L1", "L2"]
    assert numbers(desk, lotto=lotto, state="ANNULLATO") == []
    assert numbers(desk, lotto=-1) == []
    totals = queries.totals(desk.actor, DocumentFilters(lotto=lotto))
    members = Document.objects.filter(lotto=lotto)
    assert (totals.count, totals.total_cents) == (2, sum(each.total_cents for each in members))
    found = queries.totals(desk.actor, DocumentFilters(lotto=lotto, number="L2"))
    assert (found.count, found.exact) == (1, True)


def test_its_pages_follow_one_another(desk: Desk) -> None:
    lotto = two_lotti(desk)
    filters = DocumentFilters(lotto=lotto)
    first = queries.list_documents(desk.actor, filters, limit=1)
    assert first.next is not None and first.previous is None
    second = queries.list_documents(desk.actor, filters, first.next, limit=1)
    assert {first.rows[0].number, second.rows[0].number} == {"L1", "L2"} and second.next is None


def test_all_that_were_found_are_no_more_than_the_lotto(desk: Desk) -> None:
    lotto = two_lotti(desk)
    chosen = Chosen(DocumentFilters(lotto=lotto))
    (group,) = selection.groups(desk.actor, chosen)
    assert group.count == 2
    (ids,) = selection.documents(desk.actor, chosen, group.dashboard, group.state)
    assert set(ids) == set(Document.objects.filter(lotto=lotto).values_list("pk", flat=True))
    assert finding.scope_of(desk.actor, DocumentFilters(lotto=-1)).groups == {}


def test_the_page_of_a_document_leads_to_the_others_of_its_file(desk: Desk, client: Client) -> None:
    lotto = two_lotti(desk)
    member = Document.objects.get(lotto=lotto, number="L2")
    assert f"/entrate/?lotto={lotto}" in client.get(f"/entrate/{member.pk}/").content.decode()
    page = client.get(f"/entrate/?lotto={lotto}").content.decode()
    assert "Fattura L1" in page and "Fattura X1" not in page and "Solo i documenti di un lotto" in page
    assert f'name="lotto" value="{lotto}"' in page
    wrong = client.get("/entrate/?lotto=tutti").content.decode()
    assert "Fattura L1" not in wrong


def test_received_documents_of_one_file_are_found_together(desk: Desk, client: Client) -> None:
    files = [read_fattura(invoice(desk, n, code=OFFICE)).fattura for n in ("R1", "R2")]
    content = write_fattura(files[0])
    second = write_fattura(files[1])
    start, end = b"<FatturaElettronicaBody>", b"</FatturaElettronicaBody>"
    body = start + second.split(start, 1)[1].split(end)[0] + end
    name = "IT01234567897_LOTTO.xml"
    bring(
        content.replace(end, end + body, 1), sdi="4711", name=name,
        metadata=mt(name, sdi="4711", code=OFFICE, pa=True),
    )  # fmt: skip
    other = "IT01234567897_SOLA.xml"
    bring(
        invoice(desk, "S1", code=OFFICE), sdi="4712", name=other,
        metadata=mt(other, sdi="4712", code=OFFICE, pa=True),
    )  # fmt: skip
    run_jobs()
    document = Document.objects.get(number="R2")
    page = client.get(f"/passive/{document.pk}/").content.decode()
    address = page.split('<a href="/passive/?lotto=')[1].split('"')[0]
    listed = client.get(f"/passive/?lotto={address}").content.decode()
    assert "Fattura R1" in listed and "Fattura R2" in listed and "Fattura S1" not in listed
    assert "Fattura S1" not in client.get("/passive/?lotto=x").content.decode()
    assert "lotto=" not in client.get(f"/passive/{Document.objects.get(number='S1').pk}/").content.decode()
