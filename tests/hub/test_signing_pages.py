"""The page of the signature, and files that were signed outside."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fattorino.core.errors import PinRefusedError, RefusedError
from fattorino.core.fatturapa.cades import sign_cades
from fattorino.core.xades_signing import sign_xades
from fattorino.documents import queries
from fattorino.hub import queries_keys
from fattorino.hub.flows import keys, signed_outside
from fattorino.hub.models import SigningKey, Submission
from fattorino.hub.signing.pkcs12 import load_pkcs12
from fattorino.hub.views.signing import key_to_see_to
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow.models import Document
from tests.desk import NOW, Desk, _key, run_jobs
from tests.sentences.office import publish

KEY = load_pkcs12(_key(), "prova")


def waiting(desk: Desk) -> tuple[Document, bytes]:
    """A document for the PA that waits for its signature, and the file to sign."""
    keys.retire(desk.company.pk, now=NOW)
    document = desk.save(desk.pa_draft())
    desk.press(document)
    run_jobs()
    assert desk.state(document) == "DA_FIRMARE"
    row = Submission.objects.get(document=document)
    assert row.content is not None and row.outgoing is None
    return document, bytes(row.content.content)


def signed(content: bytes, form: str = "cades", at: datetime.datetime = NOW) -> bytes:
    if form == "xades":
        return sign_xades(content, KEY.certificate, KEY.sign, at)
    return sign_cades(content, KEY.certificate, KEY.sign, at)


@pytest.mark.parametrize(("form", "end"), [("cades", ".xml.p7m"), ("xades", ".xml")])
def test_a_file_signed_outside_goes_out_as_it_came(desk: Desk, form: str, end: str) -> None:
    document, content = waiting(desk)
    file = signed(content, form)
    signed_outside.take(desk.actor, document.pk, file, now=NOW)
    run_jobs()
    row = Submission.objects.get(document=document)
    assert row.outgoing is not None and bytes(row.outgoing.content) == file
    assert row.file_name == row.base_name + end
    assert desk.state(document) not in ("DA_FIRMARE", "DA_PROCESSARE")
    view = queries.get_document(desk.actor, document.pk)
    assert row.file_name in {each.name for each in view.files}


def changed(content: bytes) -> bytes:
    return signed(content.replace(b"350.00", b"950.00"))


def blank_more(content: bytes) -> bytes:
    return signed(content + b"\n")


def broken(content: bytes) -> bytes:
    file = bytearray(signed(content))
    file[-5] ^= 1
    return bytes(file)


def two_signatures_one_outside(content: bytes) -> bytes:
    return signed(content, "xades").replace(b"350.00", b"950.00")


def slipped_in(before: bytes, after: bytes = b"") -> Callable[[bytes], bytes]:
    """A second invoice beside the first, between two things that look like signatures; the real one covers it all."""

    def make(content: bytes) -> bytes:
        end = content.rindex(b"</")
        body = content[content.index(b"<FatturaElettronicaBody") : end].strip()
        second = body.replace(b"350.00", b"950.00")
        file = signed(content[:end] + before + second + content[end:], "xades")
        end = file.rindex(b"</")
        return file[:end] + after + file[end:]

    return make


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (slipped_in(b'<x:Signature xmlns:x="urn:x"></x:Signature>'), "non è identico"),
        (slipped_in(b"<Signature></Signature>"), "non è identico"),
        (slipped_in(b"<!--<Signature>-->", b"<!--</Signature>-->"), "non è identico"),
        (slipped_in(b"<!--<Signature></Signature>-->"), "non è identico"),
        (slipped_in(b"<![CDATA[<Signature></Signature>]]>"), "non è identico"),
        (slipped_in(b""), "non è identico"),
        (changed, "non è identico"),
        (blank_more, "non è identico"),
        (two_signatures_one_outside, "non è identico"),
        (broken, "SdI scarterebbe"),
        (lambda content: content, "non è firmato"),
        (lambda content: b"", "vuoto"),
        (lambda content: b"\x30\x80junk", ""),
        (lambda content: signed(content, at=NOW + datetime.timedelta(days=2)), "SdI scarterebbe"),
    ],
)
def test_anything_else_is_refused_and_changes_nothing(desk: Desk, make: Any, said: str) -> None:
    document, content = waiting(desk)
    with pytest.raises(RefusedError) as error:
        signed_outside.take(desk.actor, document.pk, make(content), now=NOW)
    assert said in error.value.text
    assert Submission.objects.get(document=document).outgoing is None
    assert desk.state(document) == "DA_FIRMARE"


def test_a_file_that_two_have_signed_is_known_again_and_one_of_another_document_is_not(desk: Desk) -> None:
    document, content = waiting(desk)
    once = signed(content, "xades")
    start, end = once.index(b"<ds:Signature"), once.rindex(b"</ds:Signature>") + len(b"</ds:Signature>")
    for between in (b"", b"\n  "):
        twice = once[:end] + between + once[start:end] + once[end:]
        assert signed_outside._without_signatures(twice) == content
    assert signed_outside._without_signatures(once[:end] + b"x" + once[start:end] + once[end:]) != content
    other = desk.save(desk.pa_draft())
    desk.press(other)
    run_jobs()
    with pytest.raises(RefusedError, match="non è identico"):
        signed_outside.take(desk.actor, other.pk, once, now=NOW)
    assert desk.state(other) == desk.state(document) == "DA_FIRMARE"


def test_only_who_may_write_in_that_company_hands_it_in(desk: Desk, other_desk: Desk) -> None:
    document, content = waiting(desk)
    reader = Actor("utente", "Rita", desk.company.pk, desk.actor.user_id, "reader")
    with pytest.raises(RefusedError, match="consultazione"):
        signed_outside.take(reader, document.pk, signed(content), now=NOW)
    with company_scope(other_desk.company.pk), pytest.raises(RefusedError, match="non aspetta"):
        signed_outside.take(other_desk.actor, document.pk, signed(content), now=NOW)
    signed_outside.take(desk.actor, document.pk, signed(content), now=NOW)
    with pytest.raises(RefusedError, match="non aspetta una firma"):
        signed_outside.take(desk.actor, document.pk, signed(content), now=NOW)


@pytest.fixture
def admin(desk: Desk, client: Client) -> Client:
    from fattorino.organisations.flows import save_user

    user = save_user(
        "capo@ordine.example", "una-parola-lunga-9", "Ada Neri", {desk.company.pk: "admin"}, now=NOW
    )
    client.force_login(user)
    return client


PAGE = "/impostazioni/firma/"


def test_the_page_shows_the_key_and_never_what_opens_it(admin: Client, desk: Desk) -> None:
    page = admin.get(PAGE).content.decode()
    assert "Laura" in page and "TINIT-VRDLCU82D25L219V" in page
    sent = {"tipo": "csc", "url": "http://firma.example", "pin": "271828", "client_secret": "molto-segreto"}
    answer = admin.post(PAGE, {**sent, "azienda": desk.company.pk})
    assert answer.status_code == 422
    for secret in ("271828", "molto-segreto"):
        assert secret not in answer.content.decode()


def test_the_holder_and_the_issuer_are_said_in_words_and_the_raw_names_are_folded_away(
    admin: Client, desk: Desk
) -> None:
    key = SigningKey.objects.get(active=True)
    assert "TINIT-VRDLCU82D25L219V" in key.subject and "CN=" in key.issuer
    page = admin.get(PAGE).content.decode()
    words, raw = page.split("Come sta scritto nel certificato", 1)
    assert "Laura Conti" in words and "<dd>VRDLCU82D25L219V</dd>" in words
    assert "Fattorino CA di prova (senza valore legale)" in words
    assert "CN=" not in words and "TINIT" not in words
    assert key.subject in raw and "CN=" in raw


def test_a_name_that_cannot_be_read_is_shown_as_it_is(admin: Client, desk: Desk) -> None:
    SigningKey.objects.filter(active=True).update(subject="CN=tagliato,serialNumb", issuer="")
    page = admin.get(PAGE).content.decode()
    assert "CN=tagliato,serialNumb" in page and "Rilasciato da" not in page


def test_a_trial_of_the_key_keeps_who_issued_it(admin: Client, desk: Desk) -> None:
    SigningKey.objects.filter(active=True).update(issuer="")
    keys.try_out(desk.company.pk, now=NOW)
    assert "CA di prova" in SigningKey.objects.get(active=True).issuer


def test_a_key_is_uploaded_changed_tried_and_removed(admin: Client, desk: Desk) -> None:
    company = {"azienda": desk.company.pk}
    file = SimpleUploadedFile("firma.p12", _key())
    answer = admin.post(PAGE, {**company, "tipo": "pkcs12", "file": file, "password": "sbagliata"})
    assert answer.status_code == 422 and "password" in answer.content.decode()
    file = SimpleUploadedFile("firma.p12", _key())
    answer = admin.post(
        PAGE, {**company, "tipo": "pkcs12", "file": file, "password": "prova", "form": "xades"}
    )
    assert answer.status_code == 302
    assert SigningKey.objects.get(active=True).form == "xades"
    assert admin.post(PAGE + "prova/", company).status_code == 302
    assert admin.post(PAGE + "scelte/", {**company, "form": "cades", "sign_private": "1"}).status_code == 302
    desk.company.refresh_from_db()
    assert SigningKey.objects.get(active=True).form == "cades" and desk.company.sign_private
    assert admin.post(PAGE + "togli/", company).status_code == 302
    assert not SigningKey.objects.filter(active=True).exists()
    assert "non ha una chiave di firma" in admin.get(PAGE).content.decode()


def test_an_operator_is_told_that_it_is_for_administrators(desk: Desk, client: Client) -> None:
    from fattorino.organisations.models import User

    client.force_login(User.objects.get(pk=desk.actor.user_id))
    assert client.get(PAGE).status_code == 403


def test_the_document_asks_for_the_file_only_where_it_waits(desk: Desk, client: Client) -> None:
    from fattorino.organisations.models import User

    client.force_login(User.objects.get(pk=desk.actor.user_id))
    other = desk.save()
    document, content = waiting(desk)
    address = f"/entrate/{document.pk}/"
    assert "outside-file" in client.get(address).content.decode()
    assert "outside-file" not in client.get(f"/entrate/{other.pk}/").content.decode()
    file = SimpleUploadedFile("x.xml.p7m", signed(content))
    answer = client.post(f"{PAGE}documento/{document.pk}/", {"azienda": desk.company.pk, "file": file})
    assert answer.status_code == 302
    run_jobs()
    assert "outside-file" not in client.get(address).content.decode()


@pytest.mark.parametrize(("days", "level"), [(90, None), (50, "warning"), (10, "danger"), (-1, "danger")])
def test_administrators_are_told_before_the_key_ends(desk: Desk, days: int, level: str | None) -> None:
    row = keys.key_of(desk.company.pk)
    assert row.not_after is not None
    at = row.not_after - datetime.timedelta(days=days)
    boss = Actor("utente", "Ada", desk.company.pk, desk.actor.user_id, "admin")
    assert [each.level for each in key_to_see_to(boss, at)] == ([level] if level else [])
    assert key_to_see_to(desk.actor, at) == []


def test_administrators_are_told_that_signing_is_suspended(desk: Desk) -> None:
    keys.block(keys.key_of(desk.company.pk), PinRefusedError("Il PIN è sbagliato."), now=NOW)
    boss = Actor("utente", "Ada", desk.company.pk, desk.actor.user_id, "admin")
    (alert,) = key_to_see_to(boss, NOW)
    assert "sospesa" in alert.text and alert.level == "danger"


def test_a_key_that_did_not_open_is_offered_again_and_only_its_pin_is_to_be_written(
    admin: Client, desk: Desk, settings: Any
) -> None:
    """Whoever mistyped the PIN must not look for the tab again, nor write library and label a second time."""
    settings.PKCS11_LIBRARIES = {"HSM": "/nowhere/lib.so"}
    settings.PKCS11_TOKENS = {"Firma Ordine": desk.company.id_codice}
    sent = {"tipo": "pkcs11", "library": "HSM", "token": "Firma Ordine", "key": "laura", "pin": "271828"}
    assert admin.post(PAGE, {**sent, "azienda": desk.company.pk}).status_code == 302
    run_jobs()
    page = admin.get(PAGE).content.decode()
    assert "La chiave nuova non si è aperta" in page and "ft-alert-error" in page
    assert 'value="Firma Ordine"' in page and 'value="laura"' in page and "271828" not in page
    assert 'id="file"' in admin.get(PAGE + "?tipo=pkcs12").content.decode()


def test_a_refused_pin_that_is_right_again_is_tried_only_after_a_tick_that_no_other_form_shows(
    admin: Client, desk: Desk, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PKCS11_LIBRARIES = {"HSM": "/nowhere/lib.so"}
    settings.PKCS11_TOKENS = {"Firma Ordine": desk.company.id_codice}
    asked: list[int] = []

    def refuse(row: SigningKey) -> Any:
        asked.append(row.pk)
        raise PinRefusedError("Il PIN è sbagliato.")

    monkeypatch.setitem(keys._OPEN, keys.Kind.PKCS11, refuse)
    place = {"tipo": "pkcs11", "library": "HSM", "token": "Firma Ordine", "azienda": desk.company.pk}
    sent = {**place, "pin": "271828"}
    assert admin.post(PAGE, sent).status_code == 302
    run_jobs()
    assert 'name="again"' not in admin.get(PAGE).content.decode()
    answer = admin.post(PAGE, sent)
    page = answer.content.decode()
    assert answer.status_code == 422 and 'name="again"' in page and "271828" not in page
    assert (
        "Il PIN è di nuovo quello giusto: prova" in page
        and "checked" not in page.split('name="again"')[1][:40]
    )
    assert len(asked) == 1
    assert admin.post(PAGE, {**sent, "again": "1"}).status_code == 302
    run_jobs()
    assert len(asked) == 2
    changes = admin.get("/impostazioni/modifiche/?tipo=chiavi").content.decode()
    assert "PIN rifiutato riproposto come giusto" in changes and "Firma Ordine" in changes


def test_who_forgot_the_signed_file_is_told_the_name_of_the_button_that_is_there(
    desk: Desk, client: Client
) -> None:
    from fattorino.organisations.models import User

    client.force_login(User.objects.get(pk=desk.actor.user_id))
    document, _content = waiting(desk)
    told = client.post(f"{PAGE}documento/{document.pk}/", {"azienda": desk.company.pk}).content.decode()
    assert "«Consegna il file firmato»" in told
    assert "Consegna il file firmato</button>" in client.get(f"/entrate/{document.pk}/").content.decode()


def test_who_works_is_told_of_documents_that_no_dashboard_shows_and_that_wait_for_a_signature(
    desk: Desk, client: Client
) -> None:
    """*Da firmare* is hidden from the dashboards: without a word of it an invoice would stand there for ever."""
    from fattorino.organisations.models import User

    assert key_to_see_to(desk.actor, NOW) == []
    document, content = waiting(desk)
    (alert,) = key_to_see_to(desk.actor, NOW)
    assert alert.level == "warning" and alert.text.startswith("1 documento")
    client.force_login(User.objects.get(pk=desk.actor.user_id))
    assert f"/entrate/{document.pk}/" in client.get(alert.address).content.decode()
    reader = Actor("utente", "Rita", desk.company.pk, desk.actor.user_id, "reader")
    assert key_to_see_to(reader, NOW) == []
    signed_outside.take(desk.actor, document.pk, signed(content), now=NOW)
    assert key_to_see_to(desk.actor, NOW) == [], "it is being done"
    run_jobs()
    assert key_to_see_to(desk.actor, NOW) == []


def test_what_waits_for_a_signature_is_told_by_the_kept_numbers_and_only_to_who_may_see_it(
    desk: Desk,
) -> None:
    """Every dashboard asks: documents themselves, of which there may be very many, are not counted."""
    waiting(desk)
    with CaptureQueriesContext(connection) as asked:
        assert queries_keys.left_unsigned(desk.actor) == (1, "DA_FIRMARE")
    counted = [each["sql"] for each in asked if "COUNT(" in each["sql"].upper()]
    assert len(counted) == 1 and 'FROM "workflow_pendingaction"' in counted[0]
    publish(desk, DA_FIRMARE={"reserved": True, "reserved_groups": ["group:admin"]})
    assert queries_keys.left_unsigned(desk.actor) == (0, "")
    boss = dataclasses.replace(desk.actor, role="admin")
    assert queries_keys.left_unsigned(boss) == (1, "DA_FIRMARE")
