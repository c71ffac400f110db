from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from fattorino.config import demo
from fattorino.core.errors import ConflictError, RefusedError
from fattorino.core.fatturapa.draft import Line, Ritenuta
from fattorino.core.workflow.standard import standard_json
from fattorino.documents import flows, queries
from fattorino.documents.models import Counterpart, Invoice
from fattorino.documents.queries import Cursor, DocumentFilters
from fattorino.organisations.scope import company_scope
from fattorino.workflow import flows as workflow
from fattorino.workflow.models import Document
from tests.desk import Desk, run_jobs


def test_a_saved_invoice_enters_the_workflow_of_its_dashboard(desk: Desk) -> None:
    private, public = desk.save(), desk.save(desk.pa_draft())
    assert (private.dashboard, private.state) == ("PR", "DA_PROCESSARE")
    assert (public.dashboard, public.state) == ("PA", "DA_PROCESSARE")
    assert (private.total_cents, private.taxable_cents, private.tax_cents) == (42700, 35000, 7700)


def test_a_credit_note_is_counted_below_zero(desk: Desk) -> None:
    note = desk.save(desk.draft(tipo_documento="TD04"))
    assert (note.kind, note.total_cents) == ("nota_credito", -42700)


def test_a_ricevuta_is_numbered_and_never_enters_the_workflow(desk: Desk) -> None:
    receipt = desk.save(kind="ricevuta", sezionale="R")
    assert (receipt.dashboard, receipt.state) == ("", "")
    with pytest.raises(RefusedError, match="non diventano fatture elettroniche"):
        desk.press(receipt)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"codice_destinatario": "ABC12"}, "codice_destinatario"),
        ({"codice_destinatario": "", "pec_destinatario": "sdi01@pec.fatturapa.it"}, "pec_destinatario"),
        ({"linee": ()}, "linee"),
        ({"data": None}, "data"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_saved(
    desk: Desk, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        desk.save(desk.draft(**changes))
    assert field in refused.value.fields
    assert not Document.objects.exists() and not Counterpart.objects.exists()


def test_two_editors_of_one_version_one_wins_and_the_other_is_told(desk: Desk) -> None:
    document = desk.save()
    mine = desk.draft(causale=("prima",))
    saved = desk.save(mine, document_id=document.pk, version=1)
    assert saved.version == 2
    with pytest.raises(ConflictError, match="un altro utente o"):
        desk.save(desk.draft(causale=("seconda",)), document_id=document.pk, version=1)
    assert Invoice.objects.get(document=document).draft["causale"] == ["prima"]


def test_an_edit_is_refused_while_the_document_is_being_sent(desk: Desk) -> None:
    document = desk.save()
    desk.press(document)
    with pytest.raises(ConflictError, match="in corso di invio"):
        desk.save(document_id=document.pk, version=1)


def test_two_presses_one_wins_and_the_other_is_told(desk: Desk) -> None:
    document = desk.save()
    desk.press(document)
    with pytest.raises(ConflictError, match="già un'operazione in corso"):
        desk.press(document)


def test_a_correction_may_not_leave_the_year_of_the_number(desk: Desk) -> None:
    document = desk.save()
    moved = desk.draft(data=desk.now.date().replace(year=2025))
    with pytest.raises(RefusedError) as refused:
        desk.save(moved, document_id=document.pk, version=1)
    assert "data" in refused.value.fields


def test_a_corrected_recipient_moves_the_document_to_the_other_dashboard(desk: Desk) -> None:
    document = desk.save()
    moved = desk.save(desk.pa_draft(), document_id=document.pk, version=1)
    assert (moved.pk, moved.dashboard) == (document.pk, "PA")


def test_a_counterpart_is_remembered_once_and_found_by_a_part_of_its_name(desk: Desk) -> None:
    desk.save()
    desk.save()
    found = queries.find_counterparts(desk.actor, "costruz")
    assert [c.name for c in found] == ["Rossi Costruzioni S.r.l."]
    assert found[0].codice_destinatario == "M5UXCR1"


def test_the_list_pages_by_keyset_both_ways_without_loss(desk: Desk) -> None:
    made = [desk.save().pk for _ in range(7)]
    seen, cursor, pages = [], None, []
    while True:
        page = queries.list_documents(desk.actor, DocumentFilters(), cursor, limit=3)
        pages.append([row.id for row in page.rows])
        seen += pages[-1]
        if page.next is None:
            break
        cursor = Cursor.parse(str(page.next))
    assert seen == made[::-1]
    assert page.previous is not None
    back = queries.list_documents(desk.actor, DocumentFilters(), page.previous, limit=3)
    assert [row.id for row in back.rows] == pages[-2]


def test_filters_narrow_list_and_totals_alike(desk: Desk) -> None:
    desk.save()
    desk.save(desk.draft(tipo_documento="TD04"))
    other = desk.save(
        desk.draft(cessionario=demo.MARIO, codice_destinatario="", causale=("Convegno di Pavia",))
    )
    by_name = DocumentFilters(counterpart="mario")
    assert [r.id for r in queries.list_documents(desk.actor, by_name).rows] == [other.pk]
    assert [r.id for r in queries.list_documents(desk.actor, DocumentFilters(text="pavia")).rows] == [
        other.pk
    ]
    assert [r.id for r in queries.list_documents(desk.actor, DocumentFilters(number="3")).rows] == [other.pk]
    totals = queries.totals(desk.actor, DocumentFilters())
    assert (totals.count, totals.total_cents) == (3, 42700)
    assert queries.totals(desk.actor, by_name).count == 1


def test_changed_rows_are_told_once(desk: Desk) -> None:
    document, quiet = desk.save(), desk.save()
    since = queries.last_change(desk.actor)
    desk.press(document)
    rows, newer = queries.changed_rows(desk.actor, [document.pk, quiet.pk], since)
    assert [r.id for r in rows] == [document.pk] and rows[0].busy_label == "Genera XML e invia"
    assert queries.changed_rows(desk.actor, [document.pk, quiet.pk], newer) == ([], newer)


def test_what_the_schema_would_refuse_is_not_saved(desk: Desk) -> None:
    line = Line("語", Decimal(1), None, Decimal(10), aliquota_iva=Decimal(22))
    for wrong, field in (
        (desk.draft(linee=(line,)), "linee.0.descrizione"),
        (desk.draft(divisa="EURO"), "divisa"),
        (desk.draft(cessionario=replace(demo.ROSSI, comune="x" * 5000)), "cessionario.comune"),
    ):
        with pytest.raises(RefusedError) as refused:
            desk.save(wrong)
        assert field in refused.value.fields
    assert desk.save().number == "1"


def test_a_ricevuta_needs_no_vat_rate_and_gets_none(desk: Desk) -> None:
    fee = Line("Quota annuale", Decimal(1), None, Decimal("180.00"))
    receipt = desk.save(desk.draft(linee=(fee,), pagamenti=()), kind="ricevuta", sezionale="R")
    assert (receipt.total_cents, receipt.tax_cents) == (18000, 0)


def test_a_document_in_a_reserved_state_is_neither_copied_nor_corrected_by_others(desk: Desk) -> None:
    document = desk.save()
    definition = standard_json()
    for state in definition["states"]:
        if state["code"] == "DA_PROCESSARE":
            state |= {"reserved": True, "reserved_groups": ["group:admin"]}
    workflow.publish_workflow(desk.company, definition, now=desk.now)
    with pytest.raises(RefusedError):
        flows.copy_as_new(desk.actor, document.pk)
    with pytest.raises(RefusedError, match="non trovato"):
        desk.save(document_id=document.pk, version=1)
    desk.actor = replace(desk.actor, role="admin")
    assert flows.copy_as_new(desk.actor, document.pk).numero is None


def test_a_draft_that_cannot_become_a_fatturapa_fails_with_the_fields_to_correct(desk: Desk) -> None:
    document = desk.save()
    invoice = Invoice.objects.get(document=document)
    invoice.draft["linee"][0]["descrizione"] = "語"  # as an earlier version, or another schema, let it in
    invoice.save()
    desk.press(document)
    run_jobs(skip=frozenset({"hub.turn"}))
    view = queries.get_document(desk.actor, document.pk)
    assert view.row.state is not None and view.row.state.code == "DA_PROCESSARE"
    assert any("linee.0" in str(f.get("field")) for f in view.findings)
    assert view.possibilities.may_edit


def test_another_company_finds_nothing(desk: Desk, other_desk: Desk) -> None:
    document = desk.save()
    with company_scope(other_desk.company.pk):
        with pytest.raises(RefusedError, match="non trovato"):
            queries.get_document(other_desk.actor, document.pk)
        with pytest.raises(RefusedError, match="non trovato"):
            other_desk.press(document)
        with pytest.raises(RefusedError, match="non trovato"):
            other_desk.save(document_id=document.pk, version=1)
        assert not queries.list_documents(other_desk.actor, DocumentFilters()).rows
        assert queries.totals(other_desk.actor, DocumentFilters()).count == 0
        assert queries.changed_rows(other_desk.actor, [document.pk], 0)[0] == []
        assert not queries.find_counterparts(other_desk.actor, "rossi")


def test_a_ricevuta_has_its_history_too(desk: Desk) -> None:
    receipt = desk.save(kind="ricevuta", sezionale="R")
    assert [c.message for c in queries.get_document(desk.actor, receipt.pk).history] == [
        "Documento inserito."
    ]


def test_a_ritenuta_of_nothing_is_refused_before_it_is_forgotten(desk: Desk) -> None:
    ritenuta = Ritenuta(tipo_ritenuta="RT01", aliquota_ritenuta=Decimal(20), causale_pagamento="A")
    with pytest.raises(RefusedError) as refused:
        desk.save(desk.draft(ritenute=(ritenuta,)))
    assert "Spuntare" in refused.value.fields["ritenute"]
