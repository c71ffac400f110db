"""Received invoices: kept first, read by a job, each document once, nobody's shown to nobody."""

from __future__ import annotations

import base64
import datetime
import zipfile
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest

from fattorino.config import demo
from fattorino.core.errors import FormatError
from fattorino.core.fatturapa.cades import sign_cades
from fattorino.core.fatturapa.draft import Party
from fattorino.core.sdi.message_io import write_message
from fattorino.core.sdi.messages import NotificaDecorrenzaTermini
from fattorino.documents import importing, queries, receiving
from fattorino.documents.finding import DocumentFilters
from fattorino.documents.models import Decision, DocumentFile, PassiveInvoice, Reception, Supplier
from fattorino.documents.passive.page import get_passive
from fattorino.hub.signing.pkcs12 import load_pkcs12
from fattorino.organisations.flows import save_company
from fattorino.organisations.scope import company_scope, system_scope
from fattorino.workflow import queries as workflow
from fattorino.workflow.models import Document, StateChange
from tests.desk import NOW, Desk, _key, run_jobs
from tests.documents.received import CODE, OFFICE, SUPPLIER, as_buyer, bring, invoice, mt

NO_SENDING = frozenset({"hub.turn"})


def settled(reception_id: int) -> Reception:
    run_jobs(skip=NO_SENDING)
    with system_scope():
        return Reception.objects.get(pk=reception_id)


def received() -> list[Document]:
    return list(Document.objects.filter(dashboard="PS").order_by("id"))


def lotto(desk: Desk, *numbers: str, **changes: Any) -> bytes:
    """One file with a body for each number."""
    xml = invoice(desk, numbers[0], **changes)
    start = xml.index(b"<FatturaElettronicaBody")
    end = xml.index(b"</FatturaElettronicaBody>") + len(b"</FatturaElettronicaBody>")
    body = xml[start:end]
    bodies = [body.replace(b">" + numbers[0].encode() + b"<", b">" + n.encode() + b"<") for n in numbers]
    return xml[:start] + b"".join(bodies) + xml[end:]


# What it becomes -------------------------------------------------------------------------------------------------


def test_an_invoice_is_kept_at_once_and_becomes_a_passive_document_by_a_job(desk: Desk) -> None:
    content = invoice(desk)
    reception_id = bring(content)
    with system_scope():
        kept = Reception.objects.get(pk=reception_id)
    assert (bytes(kept.content), kept.state, kept.company_id) == (content, "waiting", None)
    row = settled(reception_id)
    assert (row.state, row.company_id, row.note) == ("done", desk.company.pk, "")
    passive = PassiveInvoice.objects.select_related("document", "supplier").get(reception=row)
    document = passive.document
    assert (document.dashboard, document.state, document.kind) == ("PS", "RICEVUTO", "fattura")
    assert (document.number, document.total_cents, document.counterpart_name) == (
        "77",
        42700,
        "Cartoleria Bianchi S.r.l.",
    )
    assert (passive.seller, passive.identificativo_sdi, passive.answer_by) == (
        "IT01234567897",
        "1234567",
        None,
    )
    assert StateChange.objects.get(document=document).message == (
        "Fattura ricevuta, IdentificativoSdI 1234567. Da SdI (servizi web)."
    )


def test_an_invoice_to_a_pa_waits_for_an_answer_for_fifteen_days(desk: Desk) -> None:
    name = "IT01234567897_B0001.xml"
    row = settled(bring(invoice(desk, code=OFFICE), name=name, metadata=mt(name, code=OFFICE, pa=True)))
    passive = PassiveInvoice.objects.select_related("document").get(reception=row)
    assert (passive.document.state, passive.formato) == ("RICEVUTO_DA_ESITARE", "FPA12")
    assert passive.delivered_at == NOW
    assert passive.answer_by == NOW + datetime.timedelta(days=15)
    kinds = DocumentFile.objects.filter(document=passive.document).values_list("kind", "name")
    assert sorted(kinds) == [("metadati", "MT_1.xml"), ("xml", name)]


def test_a_credit_note_lies_below_zero(desk: Desk) -> None:
    settled(bring(invoice(desk, tipo_documento="TD04")))
    assert [(d.kind, d.total_cents) for d in received()] == [("nota_credito", -42700)]


def test_each_document_of_a_lotto_is_one_document(desk: Desk) -> None:
    row = settled(bring(lotto(desk, "77", "78", "79")))
    assert [(d.number, d.total_cents) for d in received()] == [("77", 42700), ("78", 42700), ("79", 42700)]
    rows = PassiveInvoice.objects.filter(reception=row).order_by("position")
    assert [p.position for p in rows] == [1, 2, 3]


def test_what_a_check_finds_is_kept_and_refuses_nothing(desk: Desk) -> None:
    wrong = invoice(desk).replace(b"<ImponibileImporto>350.00<", b"<ImponibileImporto>351.00<")
    row = settled(bring(wrong))
    passive = PassiveInvoice.objects.get(reception=row)
    assert row.state == "done"
    assert "00421" in {f["code"] for f in passive.findings if f["severity"] == "error"}


def test_findings_of_a_lotto_stand_by_the_document_they_are_about(desk: Desk) -> None:
    xml = lotto(desk, "77", "78")
    second = xml.rindex(b"<ImponibileImporto>350.00<")
    wrong = xml[:second] + b"<ImponibileImporto>351.00<" + xml[second + len(b"<ImponibileImporto>350.00<") :]
    settled(bring(wrong))
    errors = [
        {f["code"] for f in p.findings if f["severity"] == "error"}
        for p in PassiveInvoice.objects.order_by("position")
    ]
    assert "00421" not in errors[0] and "00421" in errors[1]


def test_the_supplier_is_proposed_and_what_a_person_confirmed_stays(desk: Desk) -> None:
    settled(bring(invoice(desk)))
    supplier = Supplier.objects.get()
    assert (supplier.identity, supplier.name, supplier.confirmed_at) == (
        "IT:01234567897",
        "Cartoleria Bianchi S.r.l.",
        None,
    )
    Supplier.objects.update(name="Bianchi", confirmed_at=NOW, confirmed_by="Laura")
    renamed = replace(SUPPLIER, denominazione="Bianchi e figli")
    settled(bring(invoice(desk, "78", seller=renamed), sdi="2"))
    assert Supplier.objects.get().name == "Bianchi"
    assert received()[-1].counterpart_name == "Bianchi e figli"


# In what wrapping ------------------------------------------------------------------------------------------------


def signed(content: bytes) -> bytes:
    key = load_pkcs12(_key(), "prova", at=NOW)
    return sign_cades(content, key.certificate, key.sign, NOW, key.is_ec, key.chain)


# Whose it is -----------------------------------------------------------------------------------------------------


def second_company() -> int:
    return save_company(demo.STUDIO, now=NOW).pk


def test_an_invoice_for_nobody_here_is_kept_and_shown_to_no_company(desk: Desk) -> None:
    stranger = Party(id_paese="IT", id_codice="00488410010", denominazione="Altri S.p.A.", indirizzo="Via X",
                     cap="10100", comune="Torino", nazione="IT")  # fmt: skip
    row = settled(bring(invoice(desk, buyer=stranger)))
    assert (row.state, row.company_id) == ("nobody", None)
    assert "Altri S.p.A." in row.note
    assert received() == []
    assert not Reception.objects.filter(pk=row.pk).exists()  # not even by the company's own scope


def test_the_name_alone_makes_nobody_the_recipient(desk: Desk) -> None:
    alike = replace(as_buyer(desk), id_codice="00488410010", codice_fiscale=None)
    assert settled(bring(invoice(desk, buyer=alike))).state == "nobody"


def test_a_tax_code_alone_is_enough(desk: Desk) -> None:
    by_code = replace(
        as_buyer(desk), id_paese=None, id_codice=None, codice_fiscale=desk.company.codice_fiscale
    )
    assert desk.company.codice_fiscale
    assert settled(bring(invoice(desk, buyer=by_code))).company_id == desk.company.pk


def test_of_two_companies_with_one_tax_code_the_recipient_code_decides(desk: Desk, other_desk: Desk) -> None:
    both, other = desk.company.codice_fiscale, other_desk.company.pk
    save_company({**demo.STUDIO, "codice_fiscale": both}, now=NOW)
    buyer = replace(as_buyer(desk), id_paese=None, id_codice=None, codice_fiscale=both)
    undecided = settled(bring(invoice(desk, buyer=buyer), sdi="1"))
    assert (undecided.state, undecided.company_id) == ("nobody", None)
    save_company({**demo.STUDIO, "codice_fiscale": both}, now=NOW, recipient_codes=[CODE.lower()])
    decided = settled(bring(invoice(desk, "78", buyer=buyer), sdi="2"))
    assert (decided.state, decided.company_id) == ("done", other)
    assert received() == []


def test_the_office_of_a_pa_is_enough_where_the_invoice_names_other_codes(desk: Desk) -> None:
    save_company(demo.ORDINE, now=NOW, recipient_codes=[OFFICE])
    wrong = replace(as_buyer(desk), id_codice="00488410010", codice_fiscale=None)
    row = settled(bring(invoice(desk, buyer=wrong, code=OFFICE)))
    assert (row.state, row.company_id) == ("done", desk.company.pk)
    assert "con altri codici" in row.note


def test_a_code_claimed_by_another_company_takes_no_invoice_from_whom_it_names(
    desk: Desk, other_desk: Desk
) -> None:
    save_company(demo.STUDIO, now=NOW, recipient_codes=[OFFICE])
    row = settled(bring(invoice(desk, code=OFFICE)))
    assert (row.state, row.company_id) == ("done", desk.company.pk)


def test_a_shared_recipient_code_alone_makes_nobody_the_recipient(desk: Desk) -> None:
    save_company(demo.ORDINE, now=NOW, recipient_codes=[CODE])
    wrong = replace(as_buyer(desk), id_codice="00488410010", codice_fiscale=None)
    assert settled(bring(invoice(desk, buyer=wrong))).state == "nobody"


def test_what_comes_on_one_companys_channel_never_becomes_anothers(desk: Desk) -> None:
    other = second_company()
    row = settled(bring(invoice(desk), source="pec", company_id=other))
    assert (row.state, row.company_id) == ("nobody", None)
    assert received() == []


def test_a_channel_serves_another_company_that_says_it_receives_there(desk: Desk) -> None:
    other = second_company()
    save_company(demo.ORDINE, now=NOW, recipient_codes=[CODE])
    row = settled(bring(invoice(desk), source="sdiftp", company_id=other))
    assert (row.state, row.company_id) == ("done", desk.company.pk)


def test_a_forged_delivery_does_not_stand_in_for_the_true_one(desk: Desk) -> None:
    """Another company's channel may say what it likes under an identifier: SdI's own delivery is not lost by it."""
    other = second_company()
    content = invoice(desk)
    assert settled(bring(b"<x/>", company_id=other)).state == "unreadable"
    assert settled(bring(content, source="pec", company_id=other)).state == "nobody"
    assert settled(bring(content)).state == "done"
    assert len(received()) == 1


# Once ------------------------------------------------------------------------------------------------------------


def test_a_redelivery_only_counts(desk: Desk) -> None:
    content = invoice(desk)
    first = bring(content)
    run_jobs()
    assert bring(content) == first
    assert settled(first).arrivals == 2
    assert len(received()) == 1


def test_reading_twice_changes_nothing(desk: Desk) -> None:
    row = settled(bring(invoice(desk)))
    receiving.read(row.pk, now=NOW)
    assert len(received()) == 1


def test_a_worker_killed_between_recognising_and_writing_loses_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    reception_id = bring(invoice(desk))

    class Killed(BaseException):
        pass

    def dies(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("fattorino.documents.receiving.reading.write", dies)
        with pytest.raises(Killed):
            receiving.read(reception_id, now=NOW)
    assert received() == []
    assert settled(reception_id).state == "done"
    assert len(received()) == 1


def test_the_same_file_by_hand_and_by_sdi_is_one_invoice_which_then_knows_its_identifier(desk: Desk) -> None:
    content = invoice(desk, code=OFFICE)
    by_hand = settled(bring(content, sdi="", source="import", company_id=desk.company.pk))
    assert by_hand.state == "done"
    again = settled(bring(content))
    (document,) = received()
    assert (again.state, again.document_id) == ("duplicate", document.pk)
    assert "ora ne è noto l'IdentificativoSdI 1234567" in again.note
    passive = PassiveInvoice.objects.get()
    assert (passive.identificativo_sdi, passive.answer_by) == ("1234567", NOW + datetime.timedelta(days=15))
    assert StateChange.objects.filter(document=document, event="Duplicate").count() == 1


def test_metadata_that_come_with_a_second_copy_are_shown_with_the_invoice(desk: Desk) -> None:
    content, name = invoice(desk, code=OFFICE), "IT01234567897_00077.xml"
    settled(bring(content, sdi="", name=name, source="import", company_id=desk.company.pk))
    told = mt(name, sdi="1234567", code=OFFICE, pa=True)
    for _ in range(2):
        settled(bring(content, name=name, metadata=told))
    (document,) = received()
    view = get_passive(desk.actor, document.pk)
    assert view.metadata == told and view.codice_destinatario == OFFICE
    assert [file.kind for file in view.files].count(DocumentFile.Kind.METADATA) == 1


def test_the_same_invoice_under_another_identifier_is_a_duplicate_with_its_link(desk: Desk) -> None:
    settled(bring(invoice(desk)))
    other = invoice(desk).replace(b">B1<", b">B2<")
    row = settled(bring(other, sdi="2"))
    (document,) = received()
    assert (row.state, row.document_id) == ("duplicate", document.pk)
    assert "1234567; questa ha 2" in row.note


def test_the_same_number_of_another_type_year_or_seller_is_another_invoice(desk: Desk) -> None:
    settled(bring(invoice(desk), sdi="1"))
    settled(bring(invoice(desk, tipo_documento="TD04"), sdi="2"))
    settled(bring(invoice(desk, seller=replace(SUPPLIER, id_codice="00488410010")), sdi="3"))
    earlier = invoice(desk).replace(b"<Data>2026-", b"<Data>2025-")
    settled(bring(earlier, sdi="4"))
    assert len(received()) == 4


def test_what_the_pa_refused_may_come_again_under_its_number(desk: Desk) -> None:
    settled(bring(invoice(desk, code=OFFICE)))
    (document,) = received()
    Decision.objects.create(
        company=desk.company,
        document=document,
        esito="EC02",
        cause="x",
        descrizione="y",
        at=NOW,
        actor_label="L",
    )
    again = invoice(desk, code=OFFICE).replace(b">B1<", b">B2<")
    assert settled(bring(again, sdi="2")).state == "done"
    assert len(received()) == 2


def test_what_the_pa_refused_and_then_accepted_is_a_duplicate_when_it_comes_again(desk: Desk) -> None:
    settled(bring(invoice(desk, code=OFFICE)))
    (document,) = received()
    for esito in ("EC02", "EC01"):
        Decision.objects.create(company=desk.company, document=document, esito=esito, at=NOW, actor_label="L")
    again = invoice(desk, code=OFFICE).replace(b">B1<", b">B2<")
    assert settled(bring(again, sdi="2")).state == "duplicate"


def test_a_lotto_imported_before_learns_its_identifier_document_by_document(desk: Desk) -> None:
    content = lotto(desk, "77", "78")
    settled(bring(content, sdi="", source="import", company_id=desk.company.pk))
    assert settled(bring(content)).state == "duplicate"
    assert list(PassiveInvoice.objects.values_list("identificativo_sdi", flat=True)) == ["1234567"] * 2


def test_of_a_lotto_only_what_is_new_becomes_a_document(desk: Desk) -> None:
    settled(bring(invoice(desk, "78")))
    row = settled(bring(lotto(desk, "77", "78"), sdi="2"))
    assert row.state == "done" and "78" in row.note
    assert sorted(d.number for d in received()) == ["77", "78"]


# Our own ---------------------------------------------------------------------------------------------------------


def test_our_own_integration_that_comes_back_is_linked_and_no_purchase(desk: Desk) -> None:
    content = invoice(desk, tipo_documento="TD17", trasmittente=("IT", "02100450127"))
    sent = importing.take_file(desk.actor, "td17.xml", content, now=NOW)
    run_jobs(skip=NO_SENDING)
    sent.refresh_from_db()
    ours = sent.outcomes[0]["document_id"]
    row = settled(bring(content))
    assert (row.state, row.document_id) == ("own", ours)
    assert "Non è un acquisto" in row.note and received() == []
    changed = content.replace(b">B1<", b">B9<")  # SdI's copy need not be ours byte for byte
    assert settled(bring(changed, sdi="2")).state == "own"


def test_our_own_integrations_that_come_back_in_a_lotto_are_linked_each_to_its_own(desk: Desk) -> None:
    from_us: dict[str, Any] = {"tipo_documento": "TD17", "trasmittente": ("IT", "02100450127")}
    for number in ("I/1", "I/2"):
        content = invoice(desk, number, **from_us)
        sent = importing.take_file(desk.actor, f"{number[-1]}.xml", content, now=NOW)
        run_jobs(skip=NO_SENDING)
        sent.refresh_from_db()
        assert sent.outcomes[0]["document_id"]
    both = lotto(desk, "I/1", "I/2", **from_us)
    row = settled(bring(both, sdi="9"))
    assert row.state == "own" and received() == []
    assert "I/1" in row.note and "I/2" in row.note
    another_day = both.replace(b"<Data>2026-11", b"<Data>2026-10")
    assert settled(bring(another_day, sdi="10")).state == "done"
    assert len(received()) == 2


def test_a_self_invoice_that_somebody_else_sent_for_us_is_shown(desk: Desk) -> None:
    assert settled(bring(invoice(desk, tipo_documento="TD17"))).state == "done"
    assert len(received()) == 1


# What cannot be read ---------------------------------------------------------------------------------------------


def zip_bomb() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("IT01234567897_00001.xml", b"\0" * 50_000_000)
    return out.getvalue()


HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "text": b"ciao",
    "doctype": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>',
    "wrong root": b"<p:Altro xmlns:p='urn:x'/>",
    "a receipt": mt("IT01234567897_B0001.xml"),
    "zip bomb": zip_bomb(),
    "six megabytes": b"<a>" + b"x" * 6_000_000 + b"</a>",
    "half a p7m": b"0\x82\x10\x00" + b"\x06\x09" * 40,
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_invoice_is_kept_with_the_reason_and_nothing_follows(desk: Desk, content: bytes) -> None:
    row = settled(bring(content))
    assert (row.state, bytes(row.content)) == ("unreadable", content)
    assert row.note and "interno" not in row.note
    assert Document.objects.count() == 0


def test_an_unreadable_file_belongs_to_whom_its_metadata_name(desk: Desk) -> None:
    save_company(demo.ORDINE, now=NOW, recipient_codes=[OFFICE])
    name = "IT01234567897_B0001.xml"
    row = settled(bring(b"<x/>", name=name, metadata=mt(name, code=OFFICE, pa=True)))
    assert (row.state, row.company_id) == ("unreadable", desk.company.pk)


def test_what_could_not_be_read_is_read_by_a_version_that_knows_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = invoice(desk)
    with monkeypatch.context() as patch:
        patch.setattr("fattorino.documents.receiving.reading.read_contents", _knows_nothing)
        row = settled(bring(content, source="pec", company_id=desk.company.pk))
    assert row.state == "unreadable"
    assert receiving.read_again(desk.actor, row.pk, now=NOW)
    assert settled(row.pk).state == "done"
    assert not receiving.read_again(desk.actor, row.pk, now=NOW)


def _knows_nothing(*_: object, **__: object) -> None:
    raise FormatError("troppo nuova")


def test_a_fault_of_our_own_sets_the_file_aside_and_no_job_returns_for_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("fattorino.documents.receiving.reading.write", breaks)
    row = settled(bring(invoice(desk)))
    assert row.state == "unreadable" and "errore interno" in row.note
    assert row.company_id == desk.company.pk, "its people are to find it"


def test_a_receipt_in_place_of_an_invoice_is_told_where_it_belongs(desk: Desk) -> None:
    receipt = write_message(
        NotificaDecorrenzaTermini(
            identificativo_sdi="111", nome_file="IT01234567890_00001.xml", message_id="1"
        )
    )
    row = settled(bring(receipt, source="import", company_id=desk.company.pk))
    assert row.state == "unreadable" and "(DT), non una fattura" in row.note and "«A mano»" in row.note


def test_a_value_that_no_column_holds_is_a_reason(desk: Desk) -> None:
    long = invoice(desk).replace(b"<Numero>77<", b"<Numero>" + b"7" * 300 + b"<")
    row = settled(bring(long, source="import", company_id=desk.company.pk))
    assert row.state == "unreadable" and "tracciato" in row.note
    assert received() == []


def test_without_a_first_state_for_passive_documents_the_invoice_waits_with_the_reason(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    version, flow = workflow.workflow_of(desk.company.pk)
    without = replace(flow, initial={}, events=())
    with monkeypatch.context() as patch:
        patch.setattr(workflow, "workflow_of", lambda company_id: (version, without))
        row = settled(bring(invoice(desk)))
    assert row.state == "unreadable" and "stato iniziale" in row.note and received() == []
    assert row.company_id == desk.company.pk


# Beside the active documents -------------------------------------------------------------------------------------


def test_entrate_shows_no_received_invoice(desk: Desk) -> None:
    mine = desk.save()
    settled(bring(invoice(desk)))
    for filters in (DocumentFilters(), DocumentFilters(text="corso"), DocumentFilters(number="7")):
        assert {r.id for r in queries.list_documents(desk.actor, filters).rows} <= {mine.pk}
    assert queries.totals(desk.actor, DocumentFilters()).count == 1
    assert {r.id for r in queries.changes(desk.actor, 0, 100)[0]} == {mine.pk}
    passive = queries.list_documents(desk.actor, DocumentFilters(dashboard="PS"))
    assert [r.number for r in passive.rows] == ["77"]


def test_metadata_that_do_not_fit_are_remarked_upon_and_keep_nothing_out(desk: Desk) -> None:
    row = settled(bring(invoice(desk), metadata=b"<x/>"))
    assert row.state == "done" and "metadati" in row.note.lower()
    name = "IT01234567897_B0001.xml"
    row = settled(bring(invoice(desk, "78"), sdi="2", metadata=mt(name)))
    assert row.state == "done" and "impronta" in row.note


def test_p7m_and_its_encodings_are_opened(desk: Desk) -> None:
    sealed = signed(invoice(desk))
    row = settled(bring(sealed, name="IT01234567897_B0001.xml.p7m"))
    assert row.state == "done"
    kind = DocumentFile.objects.get(document__passive__reception=row)
    assert (kind.kind, kind.name) == ("firmato", "IT01234567897_B0001.xml.p7m")
    other = base64.encodebytes(signed(invoice(desk, "78")))
    assert settled(bring(other, sdi="2", name="IT01234567897_B0002.xml.p7m")).state == "done"
    with company_scope(desk.company.pk):
        assert [d.number for d in received()] == ["77", "78"]


def test_a_broken_signature_is_a_finding_not_a_refusal(desk: Desk) -> None:
    sealed = signed(invoice(desk))
    place = sealed.index(b"<Numero>77<")
    broken = sealed[:place] + b"<Numero>78<" + sealed[place + len(b"<Numero>78<") :]
    row = settled(bring(broken, name="IT01234567897_B0001.xml.p7m"))
    passive = PassiveInvoice.objects.get(reception=row)
    assert row.state == "done" and passive.document.number == "78"
    assert "00102" in {f["code"] for f in passive.findings}
