"""What a company signs with: proposed, proved, suspended, and never tried again with a wrong PIN."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from fattorino import clock
from fattorino.config import demo
from fattorino.core.errors import PinLockedError, PinRefusedError, RefusedError, SigningError
from fattorino.core.fatturapa.envelope import is_signed, unwrap, verify
from fattorino.hub.flows import keys
from fattorino.hub.flows.key_places import KeyPlace, secret_of
from fattorino.hub.models import SigningKey
from fattorino.hub.signing.pkcs12 import load_pkcs12
from fattorino.hub.tasks_keys import prove_key, try_key
from fattorino.organisations.models import AuditEntry
from fattorino.organisations.scope import company_scope
from fattorino.simulators.csc.demo import make_credential
from fattorino.simulators.csc.server import Server
from fattorino.simulators.csc.service import Credential, Service
from tests.desk import NOW, Desk, _key, make_desk, run_jobs

PIN = "271828"
PLACE = KeyPlace(
    "csc",
    {"url": "http://127.0.0.1:9/csc/v1", "oauth": "http://127.0.0.1:9/oauth2/token", "client_id": "ordine"},
    {"client_secret": "molto-segreto", "pin": PIN},
)


class Token:
    """Stands for a token: the right PIN opens it, every wrong one is counted."""

    def __init__(self) -> None:
        self.key = load_pkcs12(_key(), "prova")
        self.wrong = 0

    def open(self, row: SigningKey) -> Any:
        assert row.secrets is not None
        if secret_of(row)["pin"] != PIN:
            self.wrong += 1
            raise PinRefusedError("Il PIN è sbagliato.", "Correggerlo.")
        return self.key


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> Token:
    made = Token()
    monkeypatch.setitem(keys._OPEN, keys.Kind.CSC, made.open)
    return made


def proposed(desk: Desk, pin: str = PIN, **how: Any) -> SigningKey:
    place = KeyPlace(PLACE.kind, PLACE.values, {**PLACE.secret, "pin": pin})
    return keys.propose(desk.company.pk, place, now=NOW, **how)


def again(row: SigningKey) -> SigningKey:
    return SigningKey.objects.get(pk=row.pk)


def test_a_proposed_key_serves_only_after_it_was_opened(desk: Desk, token: Token) -> None:
    before = keys.key_of(desk.company.pk)
    row = proposed(desk)
    assert keys.key_of(desk.company.pk) == before
    keys.prove(row.pk, desk.company.pk, now=NOW)
    assert keys.key_of(desk.company.pk) == row and not again(before).active
    assert "TINIT" in again(row).subject and again(row).not_after
    keys.prove(row.pk, desk.company.pk, now=NOW)  # a job that runs twice
    assert SigningKey.objects.filter(active=True).count() == 1


def test_a_key_that_does_not_open_says_why_and_changes_nothing(desk: Desk, token: Token) -> None:
    before = keys.key_of(desk.company.pk)
    row = proposed(desk, pin="000000")
    for _ in range(3):
        keys.prove(row.pk, desk.company.pk, now=NOW)
    assert keys.key_of(desk.company.pk) == before
    assert "PIN" in again(row).test_note and token.wrong == 1


def test_secrets_are_kept_encrypted_and_audited_nowhere(desk: Desk, token: Token) -> None:
    row = proposed(desk)
    keys.prove(row.pk, desk.company.pk, now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("select settings::text, secrets from hub_signingkey where id = %s", [row.pk])
        shown, kept = cursor.fetchone()
        cursor.execute("select args::text from procrastinate_jobs")
        queued = str(cursor.fetchall())
    for secret in (PIN, "molto-segreto"):
        assert secret not in shown and secret.encode() not in bytes(kept)
        assert secret not in queued and secret not in json.dumps(list(AuditEntry.objects.values("detail")))


def test_a_wrong_pin_suspends_the_key_until_a_person_saves_it_again(
    desk: Desk, token: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = proposed(desk)
    keys.prove(row.pk, desk.company.pk, now=NOW)
    monkeypatch.setitem(globals(), "PIN", "changed-meanwhile")
    token.wrong = 0
    documents = [desk.save(desk.pa_draft()) for _ in range(4)]
    for document in documents:
        desk.press(document)
    run_jobs()
    assert token.wrong == 1
    assert {desk.state(document) for document in documents} == {"DA_FIRMARE"}
    assert again(row).blocked_at is not None
    assert AuditEntry.objects.filter(what="firma sospesa").count() == 1
    with pytest.raises(SigningError, match="sospesa"), keys.opened(again(row), now=NOW):
        pass


@pytest.mark.django_db(transaction=True)
def test_of_many_jobs_that_open_the_key_at_once_one_tries_the_changed_pin(
    token: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three wrong attempts lock a token for good, and the worker does four jobs at the same time."""
    desk = make_desk(demo.ORDINE, "laura@ordine.example")
    with company_scope(desk.company.pk):
        row = proposed(desk)
    keys.prove(row.pk, desk.company.pk, now=NOW)
    monkeypatch.setitem(globals(), "PIN", "changed-meanwhile")
    begin, told = threading.Barrier(4), list[type[Exception]]()

    def sign() -> None:
        try:
            with company_scope(desk.company.pk):
                mine = keys.key_of(desk.company.pk)
            begin.wait(30)
            with keys.opened(mine, now=NOW):
                pass
        except SigningError as error:
            told.append(type(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=sign) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert token.wrong == 1
    assert sorted(each.__name__ for each in told) == ["PinRefusedError"] + ["SigningError"] * 3


def test_a_pin_that_was_refused_is_not_tried_again_when_it_is_typed_again(desk: Desk, token: Token) -> None:
    row = proposed(desk, pin="000000")
    keys.prove(row.pk, desk.company.pk, now=NOW)
    assert again(row).pin_wrong and token.wrong == 1
    with pytest.raises(RefusedError, match="seconda volta") as error:
        proposed(desk, pin="000000")
    assert set(error.value.fields) == {"pin", "again"}
    right = proposed(desk)
    keys.prove(right.pk, desk.company.pk, now=NOW)
    assert again(right).active and token.wrong == 1


def test_a_refused_pin_is_tried_once_more_for_each_time_a_person_says_that_it_is_right_again(
    desk: Desk, token: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody has unlocked or reset it at the provider."""
    keys.prove(proposed(desk, pin="000000").pk, desk.company.pk, now=NOW)
    keys.prove(proposed(desk, pin="000000", again=True).pk, desk.company.pk, now=NOW)
    assert token.wrong == 2
    with pytest.raises(RefusedError, match="seconda volta"):
        proposed(desk, pin="000000")
    monkeypatch.setitem(globals(), "PIN", "000000")
    row = proposed(desk, pin="000000", again=True, actor_id=desk.actor.user_id)
    with pytest.raises(RefusedError, match="già in prova"):  # a form that was sent twice
        proposed(desk, pin="000000", again=True)
    keys.prove(row.pk, desk.company.pk, now=NOW)
    assert again(row).active and token.wrong == 2
    proposed(desk, pin="000000")  # it is right again: nothing more to confirm
    told = AuditEntry.objects.filter(what="PIN rifiutato riproposto come giusto").order_by("pk")
    assert [each.actor_id for each in told] == [None, desk.actor.user_id]
    assert told[0].detail == {"url": PLACE.values["url"]}


def test_a_pin_that_was_never_refused_needs_no_confirmation(desk: Desk, token: Token) -> None:
    with pytest.raises(RefusedError, match="La conferma non serve"):
        proposed(desk, again=True)
    assert not SigningKey.objects.filter(kind="csc").exists()


def test_a_pin_that_was_locked_may_be_the_right_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(row: SigningKey) -> Any:
        raise PinLockedError("Il PIN è bloccato.")

    monkeypatch.setitem(keys._OPEN, keys.Kind.CSC, locked)
    row = proposed(desk)
    keys.prove(row.pk, desk.company.pk, now=NOW)
    assert again(row).blocked_at and not again(row).pin_wrong
    proposed(desk)


def test_a_job_that_comes_again_after_a_fall_does_not_try_the_pin_again(desk: Desk, token: Token) -> None:
    row = proposed(desk, pin="000000")
    # As if the worker had died between the question to the token and its answer.
    SigningKey.objects.filter(pk=row.pk).update(opening_since=NOW)
    keys.prove(row.pk, desk.company.pk, now=NOW)
    assert token.wrong == 0 and "interrotta" in again(row).test_note and again(row).tested_at == NOW


def test_a_device_serves_only_the_company_it_was_assigned_to(
    desk: Desk, other_desk: Desk, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may name a device can lock it with three wrong PINs, and with a guessed one sign in another's name."""
    settings.PKCS11_LIBRARIES = {"HSM": "/opt/hsm.so"}
    settings.PKCS11_TOKENS = {
        "Firma Ordine": desk.company.id_codice,
        "Tedesco": "DE" + desk.company.id_codice,
    }
    opened: list[object] = []
    monkeypatch.setattr(keys, "TokenSigner", opened.append)

    def propose(who: Desk, token: str) -> SigningKey:
        place = KeyPlace("pkcs11", {"library": "HSM", "token": token}, {"pin": "123456"})
        return keys.propose(who.company.pk, place, now=NOW)

    for who, token in ((other_desk, "Firma Ordine"), (desk, "Tedesco"), (desk, "Un altro"), (other_desk, "")):
        with company_scope(who.company.pk), pytest.raises(RefusedError) as error:
            propose(who, token)
        assert set(error.value.fields) == {"token"}
    row = propose(desk, "Firma Ordine")
    # Given to somebody else meanwhile: it is not opened any more.
    settings.PKCS11_TOKENS = {"Firma Ordine": other_desk.company.id_codice}
    keys.prove(row.pk, desk.company.pk, now=NOW)
    assert not opened and "non è assegnato" in again(row).test_note


def test_fields_that_are_missing_or_in_clear_are_refused_beside_them(desk: Desk) -> None:
    values = {"url": "http://firma.example/csc/v1", "oauth": "", "client_id": "x"}
    with pytest.raises(RefusedError) as error:
        keys.propose(desk.company.pk, KeyPlace("csc", values, {"pin": ""}), now=NOW)
    assert set(error.value.fields) == {"url", "oauth", "client_secret", "pin"}
    with pytest.raises(RefusedError) as error:
        place = KeyPlace("pkcs11", {"library": "/tmp/mine.so", "token": "t"}, {"pin": "1"})
        keys.propose(desk.company.pk, place, now=NOW)
    assert set(error.value.fields) == {"library", "token"}


def test_a_key_serves_its_own_company_only(desk: Desk, other_desk: Desk, token: Token) -> None:
    with company_scope(other_desk.company.pk):
        row = proposed(other_desk)
    keys.prove(row.pk, desk.company.pk, now=NOW)
    with company_scope(other_desk.company.pk):
        assert not again(row).active and again(row).tested_at is None


def test_xades_is_chosen_for_what_comes_next(desk: Desk) -> None:
    keys.set_form(desk.company.pk, "xades", now=NOW)
    row = keys.key_of(desk.company.pk)
    signed = keys.sign(row, b"<?xml version='1.0'?>\n<a><b/></a>", now=NOW)
    opened = unwrap(signed)
    assert is_signed(opened) and not opened.layers
    assert "00102" not in {finding.code for finding in verify(opened, at=NOW)}
    with pytest.raises(RefusedError):
        keys.set_form(desk.company.pk, "pades", now=NOW)


def test_the_test_button_tells_what_came_of_it(desk: Desk, token: Token) -> None:
    keys.try_out(desk.company.pk, now=NOW)
    assert "firma" in keys.key_of(desk.company.pk).test_note


def test_a_service_is_asked_once_for_many_files(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    row = keys.key_of(desk.company.pk)
    asked: list[int] = []
    with keys.opened(row, now=NOW) as key:
        sign_many = key.sign_many

        class Counting:
            certificate, chain, is_ec = key.certificate, key.chain, key.is_ec

            def sign_many(self, contents: Sequence[bytes]) -> list[bytes]:
                asked.append(len(contents))
                return sign_many(contents)

        contents = [b"<a>%d</a>" % number for number in range(5)]
        signed = keys.sign_files(Counting(), "cades", contents, now=NOW)  # type: ignore[arg-type]
    assert asked == [5] and [unwrap(each).content for each in signed] == contents


def test_the_jobs_are_known_to_the_queue() -> None:
    assert {prove_key.name, try_key.name} == {"hub.prove_key", "hub.try_key"}


@pytest.fixture
def service() -> Iterator[Server]:
    """The simulated remote signature, over real HTTP."""
    # The service's certificate is of today: so is the signature.
    chain, key = make_credential("Laura Conti", clock.now())
    found = Server(Service({"ordine": "molto-segreto"}, [Credential("FIRMA-1", key, chain, PIN)]))
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield found
    found.shutdown()
    thread.join()
    found.server_close()


def remote(service: Server, pin: str = PIN) -> KeyPlace:
    values = {
        "url": f"{service.address}/csc/v1",
        "oauth": f"{service.address}/oauth2/token",
        "client_id": "ordine",
    }
    return KeyPlace("csc", values, {**PLACE.secret, "pin": pin})


def test_an_invoice_is_signed_at_the_remote_service_and_goes_on(desk: Desk, service: Server) -> None:
    now = clock.now()
    row = keys.propose(desk.company.pk, remote(service), now=now)
    keys.prove(row.pk, desk.company.pk, now=now)
    assert keys.key_of(desk.company.pk) == row
    contents = [b"<a>%d</a>" % number for number in range(30)]
    with keys.opened(again(row), now=now) as key:
        signed = keys.sign_files(key, "cades", contents, now=now)
    for content, file in zip(contents, signed, strict=True):
        envelope = unwrap(file)
        assert envelope.content == content and envelope.signers[0].name == "Laura Conti"
        assert "00102" not in {finding.code for finding in verify(envelope, at=now)}


def test_a_remote_key_with_a_wrong_pin_never_takes_the_place_of_the_one_in_use(
    desk: Desk, service: Server
) -> None:
    """Opening it asks for no PIN: only a signature tells."""
    now, before = clock.now(), keys.key_of(desk.company.pk)
    row = keys.propose(desk.company.pk, remote(service, "000000"), now=now)
    for _ in range(3):
        keys.prove(row.pk, desk.company.pk, now=now)
    assert keys.key_of(desk.company.pk) == before and "PIN" in again(row).test_note
    with pytest.raises(RefusedError, match="seconda volta"):
        keys.propose(desk.company.pk, remote(service, "000000"), now=now)


def test_the_remote_service_is_asked_for_a_wrong_pin_once(desk: Desk, service: Server) -> None:
    now = clock.now()
    row = keys.propose(desk.company.pk, remote(service), now=now)
    keys.prove(row.pk, desk.company.pk, now=now)
    known = service.service._credentials
    known["FIRMA-1"] = replace(known["FIRMA-1"], pin="changed-meanwhile")
    for _ in range(3):
        keys.try_out(desk.company.pk, now=now)
    assert again(row).blocked_at is not None and "PIN" in again(row).blocked_why


def test_a_certificate_that_the_service_renewed_is_told_after_the_next_trial(
    desk: Desk, service: Server
) -> None:
    now = clock.now()
    row = keys.propose(desk.company.pk, remote(service), now=now)
    keys.prove(row.pk, desk.company.pk, now=now)
    SigningKey.objects.filter(pk=row.pk).update(not_after=now, serial="1")
    keys.try_out(desk.company.pk, now=now)
    found = again(row)
    assert found.serial != "1" and found.not_after and found.not_after > now


def test_a_page_for_people_in_the_place_of_an_answer_is_not_told_as_a_refusal(
    desk: Desk, service: Server
) -> None:
    now = clock.now()
    row = keys.propose(desk.company.pk, remote(service), now=now)
    service.service.faults = ["garbage"]
    keys.prove(row.pk, desk.company.pk, now=now)
    assert "non si capisce" in again(row).test_note and not again(row).active
