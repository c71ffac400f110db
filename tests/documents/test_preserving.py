"""What is asked for of a document whose state has «Conservazione sostitutiva»."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.test import Client

from fattorino import clock
from fattorino.core.errors import ConflictError, RefusedError
from fattorino.documents import preserving
from fattorino.documents.preserving import Answers
from fattorino.organisations.models import User
from fattorino.organisations.scope import company_scope
from fattorino.workflow import flows
from fattorino.workflow.models import Document, StateChange
from tests.desk import NOW, Desk
from tests.workflow.test_flows import press_through, sdi

ANSWERS = Answers(
    riservato=True,
    tempo_di_conservazione=30,
    indice_di_classificazione="4.2",
    descrizione_classificazione="Contabilità",
    id_aggregazione="2026/F-12",
    parole_chiave=("formazione", "rinnovo"),
    note="Vedi delibera 7",
)


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def delivered(desk: Desk) -> Document:
    """A document in CONSEGNATO, which has the check."""
    document = desk.save()
    press_through(desk, document)
    sdi(desk, document, "RC")
    return document


@pytest.fixture
def client(desk: Desk) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=desk.actor.user_id or 0))
    return client


def asked(desk: Desk, document: Document) -> preserving.Asked | None:
    return preserving.asked(desk.actor, document.pk, desk.state(document))


def save(desk: Desk, document: Document, answers: Answers = ANSWERS, seen: int = 0) -> None:
    preserving.save(desk.actor, document.pk, answers, seen=seen, now=desk.now)


def test_what_was_answered_is_kept_and_written_into_the_history(desk: Desk, delivered: Document) -> None:
    before = asked(desk, delivered)
    assert before == preserving.Asked(Answers(), open=True)
    save(desk, delivered)
    after = asked(desk, delivered)
    assert after == preserving.Asked(ANSWERS, True, 1, desk.now, "Laura Conti")
    row = StateChange.objects.filter(document=delivered).order_by("-id")[0]
    assert (row.event, row.actor_label) == ("PreservationData", "Laura Conti")
    assert "Documento riservato: sì." in row.message and "Fascicolo o serie: 2026/F-12." in row.message


def test_the_defaults_may_be_confirmed_and_saving_nothing_new_writes_nothing(
    desk: Desk, delivered: Document
) -> None:
    save(desk, delivered, Answers())
    save(desk, delivered, Answers(), seen=1)
    found = asked(desk, delivered)
    assert found is not None and found.version == 1
    assert StateChange.objects.filter(document=delivered, event="PreservationData").count() == 1


def test_in_a_state_without_the_check_nothing_is_asked_for(desk: Desk) -> None:
    document = desk.save()
    assert asked(desk, document) is None
    with pytest.raises(RefusedError, match="non si chiedono"):
        save(desk, document)


def test_answers_outlive_the_state_that_asked_for_them(desk: Desk, delivered: Document) -> None:
    save(desk, delivered)
    Document.objects.filter(pk=delivered.pk).update(state="DA_PROCESSARE")
    found = asked(desk, delivered)
    assert found is not None and (found.open, found.answers) == (False, ANSWERS)


def test_nobody_overwrites_what_she_has_not_seen(desk: Desk, delivered: Document) -> None:
    save(desk, delivered)
    with pytest.raises(ConflictError):
        save(desk, delivered, Answers(note="altro"))
    found = asked(desk, delivered)
    assert found is not None and found.answers == ANSWERS


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (replace(ANSWERS, tempo_di_conservazione=9), "tempo_di_conservazione"),
        (replace(ANSWERS, tempo_di_conservazione=5000), "tempo_di_conservazione"),
        (replace(ANSWERS, indice_di_classificazione=""), "indice_di_classificazione"),
        (replace(ANSWERS, parole_chiave=tuple("abcdef")), "parole_chiave"),
        (replace(ANSWERS, parole_chiave=("x" * 101,)), "parole_chiave"),
        (replace(ANSWERS, note="a\x00b"), "note"),
        (replace(ANSWERS, id_aggregazione="x" * 101), "id_aggregazione"),
    ],
)
def test_what_the_archive_could_not_take_is_refused_beside_its_field(
    desk: Desk, delivered: Document, wrong: Answers, field: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        save(desk, delivered, wrong)
    assert set(refused.value.fields) == {field}


def test_a_reader_and_another_company_answer_nothing(
    desk: Desk, other_desk: Desk, delivered: Document
) -> None:
    with pytest.raises(RefusedError, match="consultazione"):
        preserving.save(replace(desk.actor, role="reader"), delivered.pk, ANSWERS, seen=0, now=desk.now)
    save(desk, delivered)
    with company_scope(other_desk.company.pk):
        with pytest.raises(RefusedError, match="non trovato"):
            preserving.save(other_desk.actor, delivered.pk, Answers(), seen=1, now=desk.now)
        assert preserving.asked(other_desk.actor, delivered.pk, "ANNULLATO") is None


def test_the_page_asks_takes_and_says_what_is_wrong_beside_the_field(
    desk: Desk, delivered: Document, client: Client
) -> None:
    address = f"/entrate/{delivered.pk}/conservazione/"
    assert address in client.get(f"/entrate/{delivered.pk}/").content.decode()
    asking = client.get(address).content.decode()
    labels = re.findall(r'<label for="(?!company)[\w-]+">([^<*]+?) *<', asking)
    # As they are written: Django's own Italian would make another word of some ("Note").
    assert labels[-7:] == [str(label) for label in preserving.LABELS.values()]
    form = {"azienda": str(desk.company.pk), "versione": "0", "tempo_di_conservazione": "3", "note": "Nota"}
    refused = client.post(address, form)
    assert refused.status_code == 422
    page = refused.content.decode()
    assert 'id="err-tempo_di_conservazione" data-level="error">Indicare gli anni' in page
    assert 'value="Nota"' in page
    form |= {"tempo_di_conservazione": "12", "parole_chiave": " uno ,due,,uno", "riservato": "1"}
    assert client.post(address, form).status_code == 302
    found = asked(desk, delivered)
    expected = Answers(True, 12, parole_chiave=("uno", "due"), note="Nota")
    assert found is not None and found.answers == expected
    assert client.post(address, form).status_code == 409
    shown = client.get(f"/entrate/{delivered.pk}/").content.decode()
    assert "uno, due" in shown and "Salvati da Laura Conti" in shown


def test_the_page_is_not_there_where_nothing_is_asked(desk: Desk, client: Client) -> None:
    document = desk.save()
    assert client.get(f"/entrate/{document.pk}/conservazione/").status_code == 404
    assert "Dati di conservazione" not in client.get(f"/entrate/{document.pk}/").content.decode()


def test_a_document_reserved_to_others_cannot_be_answered_for(desk: Desk, delivered: Document) -> None:
    from fattorino.core.workflow.standard import standard_json

    definition = standard_json()
    for state in definition["states"]:
        if state["code"] == "CONSEGNATO":
            state.update(reserved=True, reserved_groups=["group:admin"])
    flows.publish_workflow(desk.company, definition, now=desk.now)
    with pytest.raises(RefusedError, match="Documento non trovato"):
        save(desk, delivered)
