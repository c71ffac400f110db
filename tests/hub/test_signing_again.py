"""A remote signing service that was away: what waits for it is signed by itself when it is back, and once."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from fattorino import clock
from fattorino.core.errors import PinRefusedError, SignerAwayError, SigningError
from fattorino.core.fatturapa.cades import sign_cades
from fattorino.documents.models import DocumentFile
from fattorino.hub import tasks_keys
from fattorino.hub.flows import expiry, keys, signed_outside, signing_again
from fattorino.hub.flows.key_places import KeyPlace
from fattorino.hub.models import SigningKey, Submission
from fattorino.hub.signing.csc import CscAccount, CscSigner
from fattorino.hub.signing.pkcs12 import load_pkcs12
from fattorino.hub.tasks_channels import channel_certificates
from fattorino.hub.views.signing import key_to_see_to
from fattorino.organisations.models import User
from fattorino.organisations.queries import Actor
from fattorino.workflow import flows as workflow
from fattorino.workflow.flows.bulk import Order, start_run
from fattorino.workflow.models import Bulletin, Document, StateChange
from tests.desk import NOW, Desk, _key, jobs, run_jobs
from tests.sentences.office import publish

PIN = "271828"
VALUES = {
    "url": "http://127.0.0.1:9/csc/v1",
    "oauth": "http://127.0.0.1:9/oauth2/token",
    "client_id": "ordine",
}
AWAY = SignerAwayError("Il servizio di firma remota non risponde.")
NO_SENDING = frozenset({"hub.turn"})


class Remote:
    """Stands for a remote service: it may be away, or refuse the PIN; it counts what it is asked to sign."""

    def __init__(self) -> None:
        self._key = load_pkcs12(_key(), "prova")
        self.error: SigningError | None = None
        self.asked: list[int] = []
        self.not_after = self._key.not_after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._key, name)

    def open(self, row: SigningKey) -> Remote:
        return self

    def sign_many(self, contents: Sequence[bytes]) -> list[bytes]:
        self.asked.append(len(contents))
        if self.error:
            raise self.error
        return self._key.sign_many(contents)

    def close(self) -> None:
        """Nothing stays open."""


@pytest.fixture
def remote(desk: Desk, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Remote:
    """The company signs there; the trial signature is not counted."""
    settings.HUB_RETRY_PAUSES = [6000.0, 60_000.0]
    # However busy the machine: a job that stops in between begins the next time with one document again.
    monkeypatch.setattr(tasks_keys, "SECONDS", 1000.0)
    made = Remote()
    monkeypatch.setitem(keys._OPEN, keys.Kind.CSC, made.open)
    save_key(desk)
    made.asked.clear()
    return made


def save_key(desk: Desk, pin: str = PIN) -> SigningKey:
    row = keys.propose(desk.company.pk, KeyPlace("csc", VALUES, {"client_secret": "x", "pin": pin}), now=NOW)
    keys.prove(row.pk, desk.company.pk, now=NOW)
    run_jobs(skip=NO_SENDING)
    return SigningKey.objects.get(pk=row.pk, active=True)


def pressed(desk: Desk, count: int = 1) -> list[Document]:
    documents = [desk.save(desk.pa_draft()) for _ in range(count)]
    for document in documents:
        desk.press(document)
    run_jobs(skip=NO_SENDING)
    return documents


def states(desk: Desk, documents: list[Document]) -> set[str]:
    return {desk.state(document) for document in documents}


def moment_comes(desk: Desk) -> None:
    Submission.objects.exclude(next_attempt_at=None).update(next_attempt_at=clock.now())
    tasks_keys.sign_again(desk.company.pk)
    run_jobs(skip=NO_SENDING)


def rows() -> list[Submission]:
    return list(Submission.objects.order_by("pk"))


def test_what_waits_for_the_service_is_signed_by_itself_when_it_is_back(desk: Desk, remote: Remote) -> None:
    remote.error = AWAY
    documents = pressed(desk)
    assert states(desk, documents) == {"DA_FIRMARE"} and rows()[0].next_attempt_at
    told = StateChange.objects.filter(document=documents[0], outcome="failed").get()
    assert "Fattorino riprova da sé alle" in told.message
    remote.error = None
    moment_comes(desk)
    assert states(desk, documents) == {"IN_ELABORAZIONE"}
    row = rows()[0]
    assert (row.failures, row.next_attempt_at, row.last_error) == (0, None, "")
    assert StateChange.objects.filter(event="ActionSucceeded", actor_kind="hub").exists()


def test_before_its_moment_the_service_is_left_alone(desk: Desk, remote: Remote) -> None:
    remote.error = AWAY
    pressed(desk)
    before = len(remote.asked)
    tasks_keys.sign_again(desk.company.pk)
    assert len(remote.asked) == before
    assert [job["later"] for job in jobs("hub.sign_again")] == [True]


def test_the_pause_grows_with_attempts_and_not_with_documents(desk: Desk, remote: Remote) -> None:
    remote.error = AWAY
    documents = pressed(desk, 3)
    assert remote.asked == [1]  # the others knew of it
    assert states(desk, documents) == {"DA_FIRMARE"} and {row.failures for row in rows()} == {1}
    assert len({row.next_attempt_at for row in rows()}) == 1
    moment_comes(desk)
    assert remote.asked == [1, 1]
    assert {row.failures for row in rows()} == {2} and len({row.next_attempt_at for row in rows()}) == 1
    wait = rows()[0].next_attempt_at
    assert wait is not None and wait - clock.now() > datetime.timedelta(seconds=10_000)


def test_one_goes_ahead_and_the_others_follow_together(desk: Desk, remote: Remote) -> None:
    remote.error = AWAY
    documents = pressed(desk, 5)
    remote.error = None
    remote.asked.clear()
    moment_comes(desk)
    assert states(desk, documents) == {"IN_ELABORAZIONE"} and remote.asked == [1, 4]


def test_a_bulk_run_over_a_service_that_is_away_comes_to_its_end_later(desk: Desk, remote: Remote) -> None:
    documents = [desk.save(desk.pa_draft()) for _ in range(4)]
    remote.error = AWAY
    order = Order("PA", "DA_PROCESSARE", action="GENERA_XML_INVIA_HUB")
    start_run(desk.actor, order, [[document.pk for document in documents]], now=NOW)
    run_jobs(skip=NO_SENDING)
    assert states(desk, documents) == {"DA_FIRMARE"} and remote.asked == [4]
    remote.error = None
    moment_comes(desk)
    assert states(desk, documents) == {"IN_ELABORAZIONE"}


def test_nothing_is_signed_twice_whoever_comes_twice(desk: Desk, remote: Remote) -> None:
    remote.error = AWAY
    [document] = pressed(desk)
    remote.error = None
    desk.press(document)  # a person is quicker than the next attempt
    run_jobs(skip=NO_SENDING)
    assert desk.state(document) == "IN_ELABORAZIONE"
    first = rows()[0].outgoing_id
    for _ in range(2):
        moment_comes(desk)
    assert rows()[0].outgoing_id == first and remote.asked == [1, 1]
    assert DocumentFile.objects.filter(document=document, kind=DocumentFile.Kind.SIGNED).count() == 1


def test_what_was_signed_outside_meanwhile_waits_no_longer(desk: Desk, remote: Remote) -> None:
    remote.error = AWAY
    [document] = pressed(desk)
    content = rows()[0].content
    assert content is not None
    file = sign_cades(bytes(content.content), remote.certificate, remote.sign, NOW)
    signed_outside.take(desk.actor, document.pk, file, now=NOW)
    run_jobs(skip=NO_SENDING)
    assert rows()[0].next_attempt_at is None and not signing_again.waiting(desk.company.pk).files


def test_a_document_that_went_elsewhere_meanwhile_is_left_alone(desk: Desk, remote: Remote) -> None:
    remote.error = AWAY
    documents = pressed(desk, 2)
    workflow.choose_state(documents[0].pk, "ANNULLATO", desk.actor, now=NOW)
    remote.error = None
    moment_comes(desk)
    assert [desk.state(document) for document in documents] == ["ANNULLATO", "IN_ELABORAZIONE"]
    assert not signing_again.waiting(desk.company.pk).files


def test_where_a_pin_is_wanted_a_person_is_told_and_the_rest_goes_on_after_her(
    desk: Desk, remote: Remote, client: Client
) -> None:
    remote.error = AWAY
    documents = pressed(desk, 2)
    remote.error = PinRefusedError("Il PIN è sbagliato.")
    moment_comes(desk)
    asked = len(remote.asked)
    for _ in range(2):
        moment_comes(desk)
    assert len(remote.asked) == asked and not jobs("hub.sign_again")
    assert {alert.level for alert in key_to_see_to(admin(desk), NOW)} == {"danger", "warning"}
    client.force_login(User.objects.get(pk=desk.actor.user_id))
    page = client.get(f"/entrate/{documents[1].pk}/").content.decode()
    assert "Prima serve una persona" in page
    remote.error = None
    save_key(desk, pin="314159")
    assert states(desk, documents) == {"IN_ELABORAZIONE"}


def admin(desk: Desk) -> Actor:
    return Actor("utente", "Marco", desk.company.pk, desk.actor.user_id, "admin")


def test_the_pages_say_that_it_is_tried_again(desk: Desk, remote: Remote, client: Client) -> None:
    remote.error = AWAY
    [document] = pressed(desk)
    client.force_login(User.objects.get(pk=desk.actor.user_id))
    page = client.get(f"/entrate/{document.pk}/").content.decode()
    assert "non risponde" in page and "Fattorino riprova da sé" in page
    alerts = key_to_see_to(admin(desk), NOW)
    assert [alert for alert in alerts if "Fattorino riprova da sé" in alert.text]
    publish(desk, DA_FIRMARE={"reserved": True, "reserved_groups": ["group:direzione"]})
    assert [a for a in key_to_see_to(admin(desk), NOW) if "Fattorino riprova" in a.text] == []
    assert signing_again.waiting(desk.company.pk).files == 1


def test_what_waits_without_a_job_is_found(desk: Desk, remote: Remote) -> None:
    remote.error = AWAY
    documents = pressed(desk)
    remote.error = None
    Submission.objects.update(next_attempt_at=clock.now() - datetime.timedelta(minutes=4))
    tasks_keys.signatures_forgotten(0)
    run_jobs(skip=NO_SENDING)
    assert states(desk, documents) == {"IN_ELABORAZIONE"}


def test_a_key_that_is_wrong_for_good_is_not_asked_again(desk: Desk, remote: Remote) -> None:
    remote.error = SigningError("Il certificato non è attivo.")
    documents = pressed(desk)
    assert states(desk, documents) == {"DA_FIRMARE"} and not signing_again.waiting(desk.company.pk).files
    assert not jobs("hub.sign_again")


# ------------------------------------------------------------------------------------------------ the certificate


def test_a_certificate_that_was_renewed_is_told_after_the_next_signature(desk: Desk, remote: Remote) -> None:
    remote.not_after = NOW + datetime.timedelta(days=700)
    pressed(desk)
    assert keys.key_of(desk.company.pk).not_after == remote.not_after


def test_the_daily_look_reads_the_end_of_a_remote_certificate_without_a_signature(
    desk: Desk, remote: Remote
) -> None:
    remote.not_after = clock.now() + datetime.timedelta(days=20)
    channel_certificates(0)
    assert keys.key_of(desk.company.pk).not_after == remote.not_after
    assert not remote.asked
    assert Bulletin.objects.filter(company=desk.company, title=expiry.TITLE).exists()


def test_the_daily_look_tries_no_pin_of_a_token(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    SigningKey.objects.filter(company=desk.company, active=True).update(kind=keys.Kind.PKCS11)
    opened: list[int] = []
    monkeypatch.setitem(keys._OPEN, keys.Kind.PKCS11, lambda row: opened.append(row.pk))
    keys.look_at_certificate(desk.company.pk, now=NOW)
    assert not opened


# ------------------------------------------------------------------------------------------------ the queue


def locks() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select lock from procrastinate_jobs"
            " where status = 'todo' and task_name = 'workflow.run_action' order by id"
        )
        return [lock for (lock,) in cursor.fetchall()]


def test_signatures_that_need_the_pin_take_one_place_of_the_worker(desk: Desk, remote: Remote) -> None:
    documents = [desk.save(desk.pa_draft()) for _ in range(3)]
    remote.error = SigningError("Ora no.")
    for document in documents:
        desk.press(document)
    run_jobs(skip=NO_SENDING)
    for document in documents:
        desk.press(document)
    assert locks() == [f"sign:{desk.company.pk}"] * 3


def test_signatures_by_a_file_need_not_wait_for_one_another(desk: Desk) -> None:
    assert keys.lock_of(desk.company.pk) == ""


# ---------------------------------------------------------------------------------------------- over real HTTP


@pytest.mark.parametrize("status", [429, 503])
def test_a_service_that_is_out_of_order_is_away_and_one_that_refuses_is_not(status: int) -> None:
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nobody reads it."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    base = f"http://127.0.0.1:{server.server_address[1]}"
    account = CscAccount(f"{base}/csc/v1", f"{base}/token", "ordine", "x", PIN)
    try:
        answer = status
        with CscSigner(account) as signer, pytest.raises(SignerAwayError):
            signer.credential()
        answer = 401
        with CscSigner(account) as signer, pytest.raises(SigningError) as refused:
            signer.credential()
        assert not isinstance(refused.value, SignerAwayError)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    with CscSigner(account) as signer, pytest.raises(SignerAwayError):
        signer.credential()
