"""Webhooks: signed, tried again, never inside our network, and none of the news is lost."""

from __future__ import annotations

import datetime
import http.server
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from fattorino.core.errors import RefusedError
from fattorino.hub import calling, tasks_remote
from fattorino.hub.flows import webhooks
from fattorino.hub.models import RemoteEvent, Webhook, WebhookDelivery
from fattorino.organisations.models import AuditEntry
from tests.desk import NOW, Desk, jobs

State = WebhookDelivery.State


class Listener(http.server.ThreadingHTTPServer):
    """Keeps what it is told and answers what it was asked to."""

    daemon_threads = True

    def __init__(self) -> None:
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        super().__init__(("127.0.0.1", 0), Heard)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/sveglia"


class Heard(http.server.BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls.append((dict(self.headers), body))
        status = self.server.answers.pop(0) if self.server.answers else 204
        self.send_response(status)
        if status == 302:
            self.send_header("Location", self.server.url)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def admin(desk: Desk, settings: Any) -> Desk:
    settings.WEBHOOK_LOOPBACK = True
    desk.actor = replace(desk.actor, role="admin")
    return desk


def add(admin: Desk, listener: Listener) -> tuple[Webhook, str]:
    number, secret = webhooks.add(admin.actor, listener.url, now=NOW)
    return Webhook.objects.get(pk=number), secret


def news(admin: Desk) -> int:
    """Something happens, and whoever publishes it wakes the webhooks."""
    event = RemoteEvent.objects.create(company_id=admin.company.pk, kind="file", at=NOW)
    webhooks.wake(admin.company.pk, now=NOW)
    return event.pk


def deliver(monkeypatch: pytest.MonkeyPatch, at: datetime.datetime = NOW) -> None:
    monkeypatch.setattr(tasks_remote.clock, "now", lambda: at)
    for row in WebhookDelivery.objects.filter(state=State.WAITING).order_by("pk"):
        tasks_remote.deliver_webhook.func(company_id=row.company_id, delivery_id=row.pk)


def is_good(call: tuple[dict[str, str], bytes], secret: str, at: datetime.datetime = NOW) -> bool:
    headers, body = call
    stamp, signature = headers[calling.TIME_HEADER], headers[calling.SIGNATURE_HEADER]
    return calling.is_signed([secret], stamp, signature, body, now=at.timestamp())


def test_a_call_is_signed_over_its_time_and_body_and_says_how_far_to_read(
    admin: Desk, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, secret = add(admin, listener)
    last = news(admin)
    deliver(monkeypatch)
    (call,) = listener.calls
    assert json.loads(call[1])["last"] == last
    assert is_good(call, secret)
    assert not is_good(call, "altro")
    assert not is_good((call[0], call[1] + b" "), secret)
    assert not is_good(call, secret, NOW + datetime.timedelta(seconds=calling.WINDOW + 1))
    assert WebhookDelivery.objects.get().state == State.DELIVERED


def test_the_secret_is_kept_encrypted_and_no_audit_tells_it(admin: Desk, listener: Listener) -> None:
    hook, secret = add(admin, listener)
    assert secret.encode() not in bytes(hook.secret)
    assert all(secret not in json.dumps(entry.detail) for entry in AuditEntry.objects.all())


def test_many_news_make_one_waiting_call(admin: Desk, listener: Listener) -> None:
    add(admin, listener)
    for _ in range(5):
        news(admin)
    assert WebhookDelivery.objects.count() == len(jobs("hub.deliver_webhook")) == 1


def test_news_during_a_call_are_told_by_the_next(
    admin: Desk, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(admin, listener)
    news(admin)
    row = WebhookDelivery.objects.get()
    call = webhooks.begin(row.company_id, row.pk, now=NOW)
    assert call is not None
    last = news(admin)
    assert WebhookDelivery.objects.count() == 1
    webhooks.settle(row.company_id, row.pk, call, 200, "", now=NOW)
    deliver(monkeypatch)
    assert json.loads(listener.calls[-1][1])["last"] == last
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {State.DELIVERED}


@pytest.mark.parametrize("status", [302, 400, 500])
def test_what_is_no_yes_is_tried_again_later_and_no_redirect_is_followed(
    admin: Desk, listener: Listener, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    add(admin, listener)
    listener.answers = [status]
    news(admin)
    deliver(monkeypatch)
    row = WebhookDelivery.objects.get()
    assert (row.state, row.attempts, row.status_code, len(listener.calls)) == (State.WAITING, 1, status, 1)
    assert row.next_attempt_at is not None
    pause = (row.next_attempt_at - NOW).total_seconds()
    assert webhooks.PAUSES[0] <= pause <= webhooks.PAUSES[0] * 1.2
    deliver(monkeypatch)
    assert len(listener.calls) == 1
    deliver(monkeypatch, row.next_attempt_at)
    assert WebhookDelivery.objects.get().state == State.DELIVERED


def test_a_call_that_comes_before_its_moment_comes_again(
    admin: Desk, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our clock may have been put back, and jobs come by that of the database."""
    add(admin, listener)
    news(admin)
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs where task_name = 'hub.deliver_webhook'")
    for _ in range(3):
        deliver(monkeypatch, NOW - datetime.timedelta(minutes=1))
        assert len(jobs("hub.deliver_webhook")) == 1 and listener.calls == []


def test_days_of_silence_suspend_it_with_a_trace_and_a_hand_wakes_it_with_what_it_missed(
    admin: Desk, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook, _ = add(admin, listener)
    listener.answers = [500] * 30
    news(admin)
    at = NOW
    while (row := WebhookDelivery.objects.get()).state == State.WAITING:
        at = row.next_attempt_at or at
        deliver(monkeypatch, at)
    hook.refresh_from_db()
    assert (row.state, hook.active) == (State.GIVEN_UP, False)
    assert at - NOW >= webhooks.PATIENCE
    assert AuditEntry.objects.filter(what="webhook sospeso perché non risponde").count() == 1
    last = news(admin)
    assert WebhookDelivery.objects.count() == 1
    listener.answers = []
    webhooks.switch(admin.actor, hook.pk, True, now=at)
    deliver(monkeypatch, at)
    assert json.loads(listener.calls[-1][1])["last"] == last


def test_a_new_secret_signs_beside_the_old_one_for_a_while(
    admin: Desk, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook, old = add(admin, listener)
    new = webhooks.rotate(admin.actor, hook.pk, now=NOW)
    news(admin)
    deliver(monkeypatch)
    assert is_good(listener.calls[0], old) and is_good(listener.calls[0], new)
    later = NOW + webhooks.OVERLAP
    news(admin)
    deliver(monkeypatch, later)
    assert is_good(listener.calls[1], new, later) and not is_good(listener.calls[1], old, later)


def test_the_test_button_calls_once_even_a_suspended_one(
    admin: Desk, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook, _ = add(admin, listener)
    webhooks.switch(admin.actor, hook.pk, False, now=NOW)
    listener.answers = [418]
    webhooks.test(admin.actor, hook.pk, now=NOW)
    deliver(monkeypatch)
    row = WebhookDelivery.objects.get()
    assert (row.state, row.status_code, row.test) == (State.GIVEN_UP, 418, True)
    assert json.loads(listener.calls[0][1])["test"] is True


def test_only_an_administrator_of_the_company_writes_webhooks(
    desk: Desk, other_desk: Desk, admin: Desk, listener: Listener
) -> None:
    hook, _ = add(admin, listener)
    stranger = replace(other_desk.actor, role="admin")
    for actor in (replace(desk.actor, role="operator"), stranger):
        with pytest.raises(RefusedError):
            webhooks.rotate(actor, hook.pk, now=NOW)


@pytest.mark.parametrize(
    "url",
    [
        "http://gestionale.example.it/",
        "ftp://gestionale.example.it/",
        "https://utente:parola@gestionale.example.it/",
        "https:///percorso",
        "https://[::1",
        "",
        "http://127.0.0.1:8000/",
        "https://127.0.0.1:8000/",
        "https://169.254.169.254/latest/",
        "https://localhost/",
    ],
)
def test_only_addresses_over_tls_without_a_password_are_kept(desk: Desk, settings: Any, url: str) -> None:
    settings.ALLOWED_NETWORKS = []
    actor = replace(desk.actor, role="admin")
    with pytest.raises(RefusedError) as refused:
        webhooks.add(actor, url, now=NOW)
    assert refused.value.fields["url"]


def test_a_name_that_leads_into_a_private_network_is_not_called(
    admin: Desk, listener: Listener, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outside when it was written down, inside when it is called: whom it reaches is looked at each time."""
    settings.WEBHOOK_LOOPBACK, settings.ALLOWED_NETWORKS, settings.RESOLVE_AT_SAVING = False, [], True
    port = listener.server_address[1]
    leads_to = ["93.184.216.34"]

    def resolve(*_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in leads_to]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    webhooks.add(admin.actor, f"https://gestionale.example.it:{port}/", now=NOW)
    leads_to[:] = ["93.184.216.34", "127.0.0.1"]
    with pytest.raises(RefusedError, match="rete privata"):
        webhooks.add(admin.actor, "https://altro.example.it/", now=NOW)
    news(admin)
    deliver(monkeypatch)
    row = WebhookDelivery.objects.get()
    assert row.state == State.WAITING and "rete privata" in row.error and not listener.calls


def test_a_name_that_nobody_knows_is_tried_again(admin: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    webhooks.add(admin.actor, "https://gestionale.example.it/", now=NOW)
    news(admin)
    deliver(monkeypatch)
    row = WebhookDelivery.objects.get()
    assert row.state == State.WAITING and "non si trova" in row.error
