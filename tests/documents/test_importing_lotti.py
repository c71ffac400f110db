"""A lotto is imported whole or not at all: one file, a document for each body."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.test import Client

from fattorino import clock
from fattorino.core.errors import RefusedError
from fattorino.documents import lotti, queries
from fattorino.documents.models import DocumentFile, ImportedFile, Invoice
from fattorino.hub.flows import keys
from fattorino.organisations.models import User
from fattorino.organisations.scope import company_scope
from fattorino.workflow import flows as workflow
from fattorino.workflow.flows import report_status
from fattorino.workflow.models import Document
from tests.desk import NOW, Desk
from tests.documents.lotti import lotto_of, single_of
from tests.documents.test_importing import take


def documents(row: ImportedFile) -> list[Document]:
    found = Document.objects.in_bulk(row.outcomes[0]["documents"])
    return [found[pk] for pk in row.outcomes[0]["documents"]]


def refusal(row: ImportedFile) -> str:
    assert row.status == "refused", row.outcomes
    return f"{row.outcomes[0]['message']} {row.outcomes[0]['hint']}"


def test_each_body_becomes_a_document_with_its_own_number_and_amounts(desk: Desk) -> None:
    content = lotto_of(desk, "L1", "L2", "L3")
    row = take(desk, content, "lotto.xml")
    made = documents(row)
    assert row.status == "done" and "L1, L2, L3" in row.outcomes[0]["message"]
    assert [(d.number, d.total_cents, d.state) for d in made] == [
        (number, 42700, "DA_PROCESSARE") for number in ("L1", "L2", "L3")
    ]
    assert {d.lotto_id for d in made} == {made[0].pk} == {row.outcomes[0]["document_id"]}
    assert list(Invoice.objects.order_by("pk").values_list("position", flat=True)) == [1, 2, 3]
    kept = DocumentFile.objects.filter(kind=DocumentFile.Kind.IMPORTED, name="lotto.xml")
    assert {bytes(file.stored.content) for file in kept} == {content} and kept.count() == 3


def test_a_lotto_comes_signed_and_in_an_archive_too(desk: Desk) -> None:
    signed = keys.sign(keys.key_of(desk.company.pk), lotto_of(desk, "L1", "L2", pa=True), now=NOW)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("pa.xml.p7m", signed)
        archive.writestr("privati.xml", lotto_of(desk, "L3", "L4"))
    row = take(desk, out.getvalue(), "lotti.zip")
    assert [len(outcome["documents"]) for outcome in row.outcomes] == [2, 2]
    assert len(set(Document.objects.values_list("lotto", flat=True))) == 2


def test_the_page_tells_the_place_in_the_lotto_and_shows_this_document_alone(desk: Desk) -> None:
    made = documents(take(desk, lotto_of(desk, "L1", "L2"), "lotto.xml"))
    told = lotti.lotto_of(desk.actor, made[1].pk)
    assert told is not None and (told.name, told.position, told.count) == ("lotto.xml", 2, 2)
    assert [member.number for member in told.members] == ["L1", "L2"]
    assert queries.get_document(desk.actor, made[1].pk).position == 2


def test_a_document_that_travels_alone_has_no_lotto(desk: Desk) -> None:
    document = documents(take(desk, single_of(desk, "S1")))[0]
    assert document.lotto_id is None and lotti.lotto_of(desk.actor, document.pk) is None


def test_another_company_sees_nothing_of_a_lotto(desk: Desk, other_desk: Desk) -> None:
    first = documents(take(desk, lotto_of(desk, "L1", "L2")))[0]
    with company_scope(other_desk.company.pk):
        assert lotti.lotto_of(other_desk.actor, first.pk) is None
        assert lotti.bodies_of(first.pk, other_desk.company.pk) == []
        assert lotti.others_of(other_desk.company.pk, [first.pk]) == {}
        assert lotti.head_of(first.pk, other_desk.company.pk) == first.pk


def test_two_documents_of_the_same_number_in_a_lotto_are_refused_by_place(desk: Desk) -> None:
    told = refusal(take(desk, lotto_of(desk, "L1", "L2", "L1")))
    assert "documento 1" in told and "documento 3" in told and "00409" in told
    assert not Document.objects.exists()


def test_a_number_that_exists_is_told_and_nothing_of_the_lotto_is_taken(desk: Desk) -> None:
    take(desk, single_of(desk, "L2"))
    assert "L2" in refusal(take(desk, lotto_of(desk, "L1", "L2")))
    assert Document.objects.count() == 1


def test_the_same_lotto_twice_is_imported_once(desk: Desk) -> None:
    content = lotto_of(desk, "L1", "L2")
    take(desk, content)
    assert "già stato importato" in refusal(take(desk, content))
    assert Document.objects.count() == 2


def test_somebody_elses_lotto_is_refused(desk: Desk, other_desk: Desk) -> None:
    refusal(take(desk, lotto_of(Desk(other_desk.company, other_desk.actor), "L1", "L2")))
    assert not Document.objects.exists()


def test_a_corrected_lotto_takes_the_place_of_the_earlier_one(desk: Desk) -> None:
    before = documents(take(desk, lotto_of(desk, "L1", "L2")))
    corrected = lotto_of(desk, "L2", "L3", "L1", causale=("corretta",))
    after = documents(take(desk, corrected, "nuovo.xml"))
    assert [d.number for d in after] == ["L2", "L3", "L1"]
    assert {d.pk for d in before} < {d.pk for d in after}
    assert {d.lotto_id for d in after} == {min(d.pk for d in after)}
    assert [Invoice.objects.get(pk=d.pk).position for d in after] == [1, 2, 3]
    told = lotti.lotto_of(desk.actor, after[0].pk)
    assert told is not None and told.name == "nuovo.xml"


def test_a_corrected_lotto_must_hold_all_documents_of_the_earlier_one(desk: Desk) -> None:
    take(desk, lotto_of(desk, "L1", "L2", "L3"))
    assert "L3" in refusal(take(desk, lotto_of(desk, "L1", "L2", causale=("corretta",))))


def test_a_document_of_a_lotto_is_not_corrected_alone(desk: Desk) -> None:
    take(desk, lotto_of(desk, "L1", "L2"))
    told = refusal(take(desk, single_of(desk, "L2", causale=("corretta",))))
    assert "lotto" in told and "L1" in told


def test_annulled_all_at_once_its_numbers_are_free_again(desk: Desk) -> None:
    made = documents(take(desk, lotto_of(desk, "L1", "L2")))
    workflow.choose_state(made[1].pk, "ANNULLATO", desk.actor, now=NOW)
    assert {desk.state(d) for d in made} == {"ANNULLATO"}
    assert take(desk, single_of(desk, "L2", causale=("da sola",))).status == "done"


def test_one_that_the_pa_refused_gives_its_number_to_a_file_of_its_own(desk: Desk) -> None:
    made = documents(take(desk, lotto_of(desk, "L1", "L2", pa=True)))
    for document in made:
        report_status(document.pk, "SDI_PRESO_IN_CARICO", desk.actor, now=NOW)
    Document.objects.filter(pk=made[0].pk).update(state="ACCETTATO")
    Document.objects.filter(pk=made[1].pk).update(state="RIFIUTATO")
    with pytest.raises(RefusedError, match="lotto"):
        workflow.request_action(made[1].pk, desk.actor, now=NOW)
    new = documents(take(desk, single_of(desk, "L2", pa=True, causale=("corretta",))))[0]
    assert new.pk != made[1].pk and new.lotto_id is None
    again = documents(take(desk, single_of(desk, "L2", pa=True, causale=("meglio",))))[0]
    assert (again.pk, desk.state(made[1])) == (new.pk, "RIFIUTATO")


def test_pages_show_the_place_in_the_lotto_and_no_button_that_can_do_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    row = take(desk, lotto_of(desk, "L1", "L2", pa=True), "lotto.xml")
    made = documents(row)
    client = Client()
    client.force_login(User.objects.get(pk=desk.actor.user_id))
    page = client.get(f"/entrate/{made[1].pk}/").content.decode()
    assert "Fattura 2 di 2 del lotto lotto.xml" in page and f'href="/entrate/{made[0].pk}/"' in page
    assert "Genera XML e invia" in page
    outcome = client.get(f"/entrate/importa/{row.pk}/").content.decode()
    assert all(f'href="/entrate/{document.pk}/"' in outcome for document in made)
    Document.objects.filter(pk=made[0].pk).update(state="ACCETTATO")
    Document.objects.filter(pk=made[1].pk).update(state="RIFIUTATO")
    page = client.get(f"/entrate/{made[1].pk}/").content.decode()
    assert f'action="/entrate/{made[1].pk}/azione/"' not in page and "fa parte di un lotto" in page
    listed = queries.rows_by_id(desk.actor, [document.pk for document in made])
    assert [each.apart for each in listed] == [False, True]
