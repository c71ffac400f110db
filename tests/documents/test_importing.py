from __future__ import annotations

import io
import pathlib
import zipfile

import pytest
from django.db import connection

from fattorino.config import demo
from fattorino.core.fatturapa import write_fattura
from fattorino.core.fatturapa.build import build
from fattorino.core.fatturapa.draft import Party
from fattorino.documents import importing, queries
from fattorino.documents.flows import cedente_of
from fattorino.documents.models import ImportedFile, Invoice
from fattorino.hub.flows import keys
from fattorino.hub.models import Submission
from fattorino.workflow.models import Document
from tests.desk import Desk, run_jobs

NO_SENDING = frozenset({"hub.turn"})


def xml_of(desk: Desk, numero: str = "90", **changes: object) -> bytes:
    """An invoice of the company as another program would write it."""
    draft = desk.draft(numero=numero, **changes)
    return write_fattura(
        build(
            draft,
            cedente=cedente_of(desk.company),
            trasmittente=("IT", "02100450127"),
            progressivo_invio="X1",
        )
    )


def take(desk: Desk, content: bytes, name: str = "fattura.xml") -> ImportedFile:
    row = importing.take_file(desk.actor, name, content, now=desk.now)
    run_jobs(skip=NO_SENDING)
    return ImportedFile.objects.get(pk=row.pk)


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


def test_an_imported_file_becomes_a_document_and_sends_those_bytes(desk: Desk) -> None:
    content = xml_of(desk)
    row = take(desk, content)
    assert row.status == "done"
    document = Document.objects.get(pk=row.outcomes[0]["document_id"])
    assert (document.number, document.total_cents, document.state) == ("90", 42700, "DA_PROCESSARE")
    desk.press(document)
    run_jobs(skip=NO_SENDING)
    submission = Submission.objects.get(document=document)
    assert submission.outgoing is not None and bytes(submission.outgoing.content) == content


def test_an_imported_p7m_is_not_signed_again(desk: Desk) -> None:
    p7m = keys.sign(
        keys.key_of(desk.company.pk),
        xml_of(desk, cessionario=demo.COMUNE, codice_destinatario="ABC123"),
        now=desk.now,
    )
    document = Document.objects.get(pk=take(desk, p7m, "a.xml.p7m").outcomes[0]["document_id"])
    desk.press(document)
    run_jobs(skip=NO_SENDING)
    submission = Submission.objects.get(document=document)
    assert submission.outgoing is not None and bytes(submission.outgoing.content) == p7m
    assert submission.file_name.endswith(".xml.p7m")


def test_an_unsigned_file_for_the_pa_goes_out_inside_a_signature_unchanged(desk: Desk) -> None:
    from fattorino.core.fatturapa.envelope import unwrap

    content = xml_of(desk, cessionario=demo.COMUNE, codice_destinatario="ABC123")
    document = Document.objects.get(pk=take(desk, content).outcomes[0]["document_id"])
    desk.press(document)
    run_jobs(skip=NO_SENDING)
    submission = Submission.objects.get(document=document)
    assert submission.outgoing is not None
    assert unwrap(bytes(submission.outgoing.content)).content == content


def test_a_zip_is_judged_file_by_file(desk: Desk) -> None:
    row = take(desk, zipped(a__xml=xml_of(desk, "1"), b__xml=xml_of(desk, "2"), c__txt=b"ciao"), "f.zip")
    assert row.status == "partly"
    assert [o["ok"] for o in row.outcomes] == [True, True, False]
    assert Document.objects.count() == 2


def test_the_same_file_twice_is_one_document(desk: Desk) -> None:
    content = xml_of(desk)
    take(desk, content)
    again = take(desk, content)
    assert again.status == "refused" and "già stato importato" in again.outcomes[0]["message"]
    assert Document.objects.count() == 1


def test_somebody_elses_invoice_is_refused_by_name(desk: Desk, other_desk: Desk) -> None:
    foreign = xml_of(Desk(other_desk.company, other_desk.actor))
    row = take(desk, foreign)
    assert row.status == "refused" and "Giulia Bianchi" in row.outcomes[0]["message"]


def test_a_corrected_file_takes_the_place_of_the_refused_one(desk: Desk) -> None:
    document = Document.objects.get(pk=take(desk, xml_of(desk)).outcomes[0]["document_id"])
    corrected = xml_of(desk, causale=("corretta",))
    row = take(desk, corrected)
    assert row.status == "done" and "aggiornato" in row.outcomes[0]["message"]
    assert Document.objects.count() == 1
    imported = Invoice.objects.get(document=document).imported
    assert imported is not None and bytes(imported.content) == corrected


GOOGLE = Party(
    id_paese="IE",
    id_codice="6388047V",
    denominazione="Google Ireland Limited",
    indirizzo="Barrow Street",
    cap="00000",
    comune="Dublin",
    nazione="IE",
    regime_fiscale="RF18",
)


def self_invoice(desk: Desk, numero: str) -> bytes:
    """TD17: the company writes for its foreign supplier."""
    draft = desk.draft(
        numero=numero,
        tipo_documento="TD17",
        cessionario=cedente_of(desk.company),
        codice_destinatario="0000000",
    )
    return write_fattura(
        build(draft, cedente=GOOGLE, trasmittente=("IT", "02100450127"), progressivo_invio="X2")
    )


def test_a_self_invoice_stands_beside_an_own_invoice_of_the_same_number(desk: Desk) -> None:
    ours = take(desk, xml_of(desk, "12"))
    theirs = take(desk, self_invoice(desk, "12"))
    assert (ours.status, theirs.status) == ("done", "done")
    kinds = Invoice.objects.order_by("pk").values_list("tipo_documento", "seller")
    assert list(kinds) == [("TD01", "IT02100450127"), ("TD17", "IE6388047V")]


def test_a_self_invoice_does_not_move_our_numbering(desk: Desk) -> None:
    take(desk, self_invoice(desk, "987654"))
    assert desk.save().number == "1"


def test_a_self_invoice_with_sdi_is_no_duplicate_of_our_number(desk: Desk) -> None:
    row = take(desk, self_invoice(desk, "1"))
    theirs = Document.objects.get(pk=row.outcomes[0]["document_id"])
    ours = desk.save()
    for document in (theirs, ours):
        desk.press(document)
        run_jobs(skip=NO_SENDING)
        assert desk.state(document) == "IN_ELABORAZIONE"


def test_another_document_under_a_number_in_use_is_refused_and_replaces_nothing(desk: Desk) -> None:
    first = take(desk, xml_of(desk, "12"))
    other = take(desk, xml_of(desk, "12", cessionario=demo.MARIO, codice_destinatario="0000000"))
    assert other.status == "refused" and "Rossi Costruzioni" in other.outcomes[0]["message"]
    document = Document.objects.get(pk=first.outcomes[0]["document_id"])
    assert document.counterpart_name == "Rossi Costruzioni S.r.l."


def test_a_number_with_blanks_around_it_is_the_same_number(desk: Desk) -> None:
    take(desk, xml_of(desk, "7"))
    again = take(desk, xml_of(desk, "7").replace(b"<Numero>7<", b"<Numero>  7<"))
    assert again.status == "done" and "aggiornato" in again.outcomes[0]["message"]
    assert [d.number for d in Document.objects.all()] == ["7"]


def test_what_sdi_would_refuse_is_told_at_once(desk: Desk) -> None:
    wrong = xml_of(desk).replace(b"<PrezzoTotale>350.00<", b"<PrezzoTotale>351.00<")
    (outcome,) = take(desk, wrong).outcomes
    assert (
        outcome["ok"] and outcome["code"] and "SdI lo scarterebbe" in outcome["message"] and outcome["hint"]
    )


def test_many_files_do_not_wait_for_one_another_in_the_queue(desk: Desk) -> None:
    for number in range(3):
        importing.take_file(desk.actor, f"{number}.xml", xml_of(desk, str(number + 1)), now=desk.now)
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(distinct lock) from procrastinate_jobs where task_name = 'documents.read_import'"
        )
        assert cursor.fetchone() == (3,)
    run_jobs(skip=NO_SENDING)
    assert Document.objects.count() == 3


def test_a_killed_import_goes_on_after_the_files_it_had_done(desk: Desk) -> None:
    content = zipped(a__xml=xml_of(desk, "1"), b__xml=xml_of(desk, "2"))
    row = importing.take_file(desk.actor, "f.zip", content, now=desk.now)
    done = {
        "name": "a.xml",
        "ok": True,
        "message": "",
        "hint": "",
        "code": "",
        "document_id": 1,
        "tolerated": [],
    }
    ImportedFile.objects.filter(pk=row.pk).update(outcomes=[done])
    run_jobs(skip=NO_SENDING)
    row.refresh_from_db()
    assert [o["name"] for o in row.outcomes] == ["a.xml", "b.xml"]
    assert [d.number for d in Document.objects.all()] == ["2"]


BILLION = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><l>&b;</l>'
XXE = b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>'


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "vuoto.xml"),
        (b"\x00\x01\x02" * 100, "binario.xml"),
        (b"<a", "troncato.xml"),
        (XXE, "xxe.xml"),
        (BILLION, "bomba.xml"),
        ("<?xml version='1.0' encoding='UTF-8'?><a>è</a>".encode("latin-1"), "codifica.xml"),
        (b"<FatturaElettronica/>", "senza-spazio-dei-nomi.xml"),
        (b"PK\x03\x04" + b"x" * 50, "rotto.zip"),
        (b"0\x80\x06\t*\x86H\x86\xf7\r\x01\x07\x02", "troncato.p7m"),
        (b"<?xml version='1.0'?>" + b"<a>" * 5000, "profondo.xml"),
    ],
)
def test_bad_input_leaves_a_clear_message_and_a_trace(desk: Desk, content: bytes, name: str) -> None:
    row = take(desk, content, name)
    assert row.status == "refused"
    (outcome,) = row.outcomes
    assert outcome["message"].strip().endswith((".", "»", ")")) and "Traceback" not in outcome["message"]
    assert row.stored is not None or not content
    assert not Document.objects.exists()


def test_a_tampered_p7m_is_refused(desk: Desk) -> None:
    p7m = bytearray(keys.sign(keys.key_of(desk.company.pk), xml_of(desk), now=desk.now))
    at = bytes(p7m).index(b"Corso di aggiornamento")
    p7m[at] = ord("c")
    row = take(desk, bytes(p7m), "a.p7m")
    assert row.status == "refused" and "firma" in row.outcomes[0]["message"].lower()


def test_more_than_twenty_megabytes_are_refused_at_once_and_noted(desk: Desk) -> None:
    row = importing.take_file(desk.actor, "grande.xml", b"x" * (importing.LIMIT + 1), now=desk.now)
    assert row.status == "refused" and row.stored is None and row.size > importing.LIMIT


def test_a_zip_bomb_is_refused(desk: Desk) -> None:
    row = take(desk, zipped(a__xml=b"0" * 60_000_000), "bomba.zip")
    assert row.status == "refused"


@pytest.mark.parametrize("name", ["../../etc/passwd", "C:\\tmp\\x.xml", "a\x00b\u202egpj.xml", "x" * 400])
def test_file_name_tricks_end_as_harmless_names(desk: Desk, name: str) -> None:
    row = take(desk, xml_of(desk), name)
    assert row.status == "done"
    assert "/" not in row.name and "\\" not in row.name and row.name.isprintable() and len(row.name) <= 255


def test_official_samples_are_read_or_refused_with_words(desk: Desk, shared_data: pathlib.Path) -> None:
    for path in sorted((shared_data / "sdi" / "invoices").iterdir()):
        row = take(desk, path.read_bytes(), path.name)
        for outcome in row.outcomes:
            assert outcome["ok"] or outcome["message"].strip(), path.name
    view = queries.imports(desk.actor)
    assert view
