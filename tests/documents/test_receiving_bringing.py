"""Received invoices handed in by a person: every file has its outcome, none is lost, none comes twice."""

from __future__ import annotations

import email.message
import io
import zipfile

import pytest

from fattorino.core.errors import RefusedError
from fattorino.documents import queries, receiving
from fattorino.documents.models import BroughtFile, ImportedFile, PassiveInvoice, Reception
from fattorino.documents.receiving import bringing, bundles
from fattorino.workflow.models import Document, StateChange
from tests.desk import NOW, Desk, run_jobs
from tests.documents.received import invoice, mt

NAME, MT_NAME = "IT01234567897_B0001.xml", "IT01234567897_B0001_MT_001.xml"


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def hand_in(desk: Desk, *files: tuple[str, bytes]) -> list[ImportedFile]:
    rows = receiving.bring_files(desk.actor, files, now=NOW)
    run_jobs()
    return [ImportedFile.objects.get(pk=row.pk) for row in rows]


def outcomes(row: ImportedFile) -> list[tuple[str, str]]:
    brought = BroughtFile.objects.filter(imported=row).select_related("reception").order_by("position")
    return [(b.name, b.reception.state if b.reception else b.note) for b in brought]


def test_an_invoice_and_its_metadata_handed_in_together_find_each_other(desk: Desk) -> None:
    (row,) = hand_in(desk, (MT_NAME, mt(NAME, sdi="4711")), (NAME, invoice(desk)))
    assert row.status == "done" and outcomes(row) == [(NAME, "done")]
    passive = PassiveInvoice.objects.select_related("document", "reception").get()
    assert (passive.identificativo_sdi, passive.reception.source) == ("4711", "import")
    # Nobody knows when SdI delivered it, so no term is made up.
    assert (passive.delivered_at, passive.answer_by) == (None, None)
    change = StateChange.objects.get(document=passive.document)
    assert (change.actor_user_id, change.message) == (
        desk.actor.user_id,
        "Fattura ricevuta, IdentificativoSdI 4711. Importata da file.",
    )


def test_each_file_of_an_archive_has_its_outcome_in_order(desk: Desk) -> None:
    inner = zipped({"IT01234567897_B0003.xml": invoice(desk, "79")})
    bundle = zipped(
        {
            NAME: invoice(desk),
            MT_NAME: mt(NAME),
            "cartella/IT01234567897_B0002.xml": invoice(desk, "78"),
            "leggimi.txt": b"ciao",
            "altre.zip": inner,
            "rotto.xml": b"<a>",
            "IT01234567897_B0009_MT_001.xml": mt("IT01234567897_B0009.xml"),
        }
    )
    (row,) = hand_in(desk, ("fatture.zip", bundle))
    assert row.status == "partly"
    assert outcomes(row) == [
        (NAME, "done"),
        ("IT01234567897_B0002.xml", "done"),
        ("leggimi.txt", "Non è un file di fattura: vanno bene .xml, .p7m, .zip e .eml."),
        ("IT01234567897_B0003.xml", "done"),
        ("rotto.xml", "unreadable"),
        ("IT01234567897_B0009_MT_001.xml", "Metadati (MT) senza la loro fattura."),
    ]
    assert sorted(d.number for d in Document.objects.filter(dashboard="PS")) == ["77", "78", "79"]


def test_an_interrupted_import_goes_on_where_it_was(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"IT01234567897_B{n:04d}.xml": invoice(desk, str(n)) for n in range(1, 8)}
    (row,) = receiving.bring_files(desk.actor, [("f.zip", zipped(files))], now=NOW)
    monkeypatch.setattr(bringing, "AT_ONCE", 3)
    real, calls = bringing._take, [0]

    def killed_after_one(*args: object) -> None:
        calls[0] += 1
        if calls[0] == 2:
            raise KeyboardInterrupt
        real(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(bringing, "_take", killed_after_one)
        with pytest.raises(KeyboardInterrupt):
            receiving.bring(desk.company.pk, row.pk, now=NOW)
    assert BroughtFile.objects.filter(imported=row).count() == 3
    run_jobs()
    assert [name for name, _ in outcomes(row)] == list(files)
    assert Document.objects.filter(dashboard="PS").count() == 7
    receiving.bring(desk.company.pk, row.pk, now=NOW)
    assert BroughtFile.objects.filter(imported=row).count() == 7


def test_two_jobs_for_one_import_take_each_file_once(desk: Desk) -> None:
    files = {f"IT01234567897_B{n:04d}.xml": invoice(desk, str(n)) for n in range(1, 4)}
    bundle = zipped(files)
    (row,) = receiving.bring_files(desk.actor, [("f.zip", bundle)], now=NOW)
    found = list(enumerate(bundles.unpack("f.zip", bundle), 1))
    for batch in (found[:2], found[:2], found):
        bringing._take(desk.company.pk, row.pk, batch, NOW)
    assert [name for name, _ in outcomes(row)] == list(files)
    assert {r.arrivals for r in Reception.objects.all()} == {1}


def test_the_same_archive_twice_makes_each_invoice_once(desk: Desk) -> None:
    bundle = zipped({NAME: invoice(desk)})
    hand_in(desk, ("a.zip", bundle))
    (again,) = hand_in(desk, ("b.zip", bundle))
    assert outcomes(again) == [(NAME, "done")]
    assert Reception.objects.get().arrivals == 2
    assert Document.objects.filter(dashboard="PS").count() == 1


def test_an_invoice_to_somebody_else_is_not_recorded_and_the_reason_shown(
    desk: Desk, other_desk: Desk
) -> None:
    (row,) = hand_in(desk, (NAME, invoice(other_desk)))
    reception = Reception.objects.get()
    assert (reception.state, reception.company_id) == ("nobody", desk.company.pk)
    assert "non l'azienda" in reception.note
    assert outcomes(row) == [(NAME, "nobody")]


def test_a_letter_of_sdi_brings_its_invoice_with_its_metadata(desk: Desk) -> None:
    letter = email.message.EmailMessage()
    letter["From"], letter["Subject"] = "sdi07@pec.fatturapa.it", "Invio File 4711"
    letter.set_content("in allegato")
    for name, content in ((NAME, invoice(desk)), (MT_NAME, mt(NAME, sdi="4711"))):
        letter.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    (row,) = hand_in(desk, ("messaggio.eml", letter.as_bytes()))
    assert outcomes(row) == [(NAME, "done")]
    passive = PassiveInvoice.objects.get()
    # What was no certified envelope certifies no instant.
    assert (passive.identificativo_sdi, passive.delivered_at) == ("4711", None)


def test_bombs_and_oddities_are_outcomes_not_accidents(desk: Desk) -> None:
    many = zipped({f"IT01234567897_{n:05d}.xml": b"\0" * 900_000 for n in range(30)})
    deep = zipped({"a.zip": zipped({"b.zip": zipped({"c.zip": zipped({NAME: invoice(desk)})})})})
    found = [list(bundles.unpack("x.zip", content)) for content in (many, deep)]
    assert found[0][-1].note.startswith("L'archivio, una volta aperto") and len(found[0]) < 20
    assert [f.note for f in found[1]] == ["Gli archivi dentro altri archivi non si aprono oltre il secondo."]
    rows = hand_in(desk, ("vuoto.xml", b""), ("../../etc:passwd.xml", b"<a/>"), ("rotto.zip", b"PK\x03\x04x"))
    assert [row.status for row in rows] == ["partly", "refused"]
    assert outcomes(rows[0]) == [("vuoto.xml", "Il file è vuoto."), ("etc_passwd.xml", "unreadable")]


def test_too_large_a_file_is_refused_with_the_reason(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bringing, "LIMIT", 1_048_576)
    (row,) = hand_in(desk, (NAME, b"x" * 1_048_577))
    assert row.status == "refused"
    assert outcomes(row) == [(NAME, "Il file supera i 1 MB: dividerlo in più file.")]


def test_who_may_only_read_hands_nothing_in(desk: Desk) -> None:
    from dataclasses import replace

    with pytest.raises(RefusedError):
        receiving.bring_files(replace(desk.actor, role="reader"), [(NAME, b"x")], now=NOW)


def test_imports_of_received_invoices_do_not_stand_among_those_of_entrate(desk: Desk) -> None:
    (row,) = hand_in(desk, (NAME, invoice(desk)))
    assert queries.imports(desk.actor) == []
    with pytest.raises(RefusedError):
        queries.get_import(desk.actor, row.pk)
