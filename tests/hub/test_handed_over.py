"""What another Hub says of a file: SdI has it, or it came back; and its webhook, which has the channel read."""

from __future__ import annotations

import datetime
import json

import pytest
from django.conf import settings as django_settings
from django.test import Client

from fattorino import clock
from fattorino.core.errors import ChannelError
from fattorino.hub import calling
from fattorino.hub.channels.base import Accepted, Result, Untried
from fattorino.hub.flows import handed_over, terms, waves
from fattorino.hub.models import Channel, ChannelUse, Submission, Term, Transmission
from fattorino.hub.signing import secrets
from fattorino.organisations.scope import company_scope
from tests.desk import NOW, Desk, jobs, run_jobs
from tests.hub.letters import again, answered, arrive, begin, history, queued, state

Status = Submission.Status
SECRET = "una parola lunga"


@pytest.fixture
def channel(desk: Desk) -> Channel:
    kept = secrets.encrypt(json.dumps({"webhook_secret": SECRET}).encode(), django_settings.SECRETS_KEYS)
    channel = Channel.objects.create(
        company=desk.company,
        kind=Channel.Kind.INTERMEDIARY,
        settings={"url": "http://127.0.0.1:1/api/hub/v1"},
        secrets=kept,
    )
    ChannelUse.objects.create(company=desk.company, dashboard="", channel=channel)
    return channel


@pytest.fixture
def row(desk: Desk, channel: Channel) -> Submission:
    """A file that the Hub has; SdI has not spoken yet."""
    row = queued(desk)
    begin(row)
    answered(row, Accepted())
    return again(row)


def hub_says(row: Submission, taken: bool, text: str = "") -> bool:
    assert row.channel is not None
    return handed_over.answered(row.channel, row.file_name, taken, text, now=NOW)


def test_a_file_that_lies_with_the_hub_is_not_yet_with_sdi(row: Submission) -> None:
    assert (row.status, row.accepted_at, state(row)) == (Status.ACCEPTED, None, "IN_ELABORAZIONE")


def test_when_sdi_has_it_the_document_waits_for_the_receipt_told_once(row: Submission) -> None:
    for _ in range(2):
        assert hub_says(row, True)
    assert state(row) == "IN_ATTESA_ESITO"
    assert [event for event, _ in history(row)].count("SDI_PRESO_IN_CARICO") == 1


def test_a_file_that_came_back_was_not_sent_and_the_reason_is_told(row: Submission) -> None:
    assert hub_says(row, False, "Il cedente non è dell'azienda.")
    assert (again(row).status, state(row)) == (Status.FAILED, "ERRORE_INVIO")
    assert again(row).last_error == "Il cedente non è dell'azienda."
    assert set(row.transmissions.values_list("outcome", flat=True)) == {Transmission.Outcome.NOT_TAKEN}


def test_what_came_back_goes_the_second_way_where_there_is_one(row: Submission, desk: Desk) -> None:
    second = Channel.objects.create(company=desk.company, kind=Channel.Kind.SDICOOP)
    ChannelUse.objects.update(fallback=second)
    hub_says(row, False)
    assert (again(row).status, again(row).channel_id) == (Status.QUEUED, second.pk)


def test_the_hubs_answer_that_is_slower_than_its_giving_back_does_not_undo_it(
    desk: Desk, channel: Channel
) -> None:
    row = queued(desk)
    begin(row)
    hub_says(row, False)
    answered(row, Accepted())
    assert (again(row).status, state(row)) == (Status.FAILED, "ERRORE_INVIO")
    desk.press(row.document)
    run_jobs(skip=frozenset({"hub.turn"}))
    assert (again(row).status, state(row)) == (Status.QUEUED, "IN_ELABORAZIONE")


@pytest.mark.parametrize(
    "late",
    [
        Accepted(),
        Untried(),
        ChannelError("servizio occupato", uncertain=False),
        ChannelError("connessione interrotta", uncertain=True),
    ],
    ids=["taken", "untried", "certain", "uncertain"],
)
def test_a_late_answer_of_the_first_way_says_nothing_of_the_attempt_on_the_second(
    desk: Desk, channel: Channel, late: Result
) -> None:
    second = Channel.objects.create(company=desk.company, kind=Channel.Kind.SDICOOP)
    ChannelUse.objects.update(fallback=second)
    row = queued(desk)
    begin(row)
    hub_says(row, False)
    begin(row)
    waves.end(desk.company.pk, channel.pk, 1, {row.pk: late}, now=NOW)
    assert (again(row).status, again(row).channel_id) == (Status.SENDING, second.pk)
    assert row.transmissions.get(outcome=Transmission.Outcome.OPEN).channel_id == second.pk


def test_of_a_file_that_lies_with_the_hub_the_first_answer_is_awaited_too(row: Submission) -> None:
    days = datetime.timedelta(days=1)
    terms.look(now=NOW)
    assert terms.look(now=NOW + 3 * days) == 1
    assert terms.look(now=NOW + 5 * days) == 1
    events = [event for event, _ in history(row)]
    assert [events.count(each) for each in ("HubTermNear", "HubTermPassed")] == [1, 1]
    hub_says(row, True)
    terms.look(now=NOW + 5 * days)
    assert Term.objects.get(submission=row).met_at is None
    arrive(row, "RC")
    terms.look(now=NOW + 5 * days)
    assert not Term.objects.filter(submission=row, met_at=None).exists()


def test_what_came_back_is_awaited_no_more_and_anew_when_it_goes_again(desk: Desk, row: Submission) -> None:
    terms.look(now=NOW)
    hub_says(row, False)
    terms.look(now=NOW)
    assert not Term.objects.filter(met_at=None).exists()
    desk.press(row.document)
    run_jobs(skip=frozenset({"hub.turn"}))
    later = NOW + datetime.timedelta(days=2)
    begin(row, later)
    answered(row, Accepted(), later)
    terms.look(now=later)
    assert Term.objects.get(met_at=None).due_at == later + datetime.timedelta(days=5)


def test_after_a_receipt_nothing_that_the_hub_says_counts(row: Submission) -> None:
    arrive(row, "RC")
    hub_says(row, False)
    assert (again(row).status, state(row)) == (Status.CLOSED, "CONSEGNATO")


def test_a_name_that_never_went_this_way_is_said_so(channel: Channel) -> None:
    assert not handed_over.answered(channel, "IT01234567890_99999.xml", True, "", now=NOW)


def knock(
    channel: Channel, secret: str = SECRET, at: datetime.datetime | None = None, body: bytes = b"{}"
) -> int:
    stamp = int((at or clock.now()).timestamp())
    headers = {
        calling.TIME_HEADER: str(stamp),
        calling.SIGNATURE_HEADER: f"v1={calling.sign(secret, stamp, b'{}')}",
    }
    address = f"/sdi/intermediario/{channel.pk}"
    return Client().post(address, body, content_type="application/json", headers=headers).status_code


def visits() -> int:
    return len(jobs("hub.visit"))


def test_a_signed_call_has_the_channel_read_once(channel: Channel) -> None:
    assert [knock(channel), knock(channel)] == [204, 204]
    assert visits() == 1


def test_any_other_call_is_refused_and_reads_nothing(channel: Channel, desk: Desk) -> None:
    late = clock.now() - datetime.timedelta(seconds=calling.WINDOW + 5)
    refused = [
        knock(channel, "altro"),
        knock(channel, at=late),
        knock(channel, body=b"[]"),
        knock(channel, ""),
    ]
    assert refused == [403] * 4
    assert knock(channel, body=b" " * 10_001) == 403
    with company_scope(desk.company.pk):
        Channel.objects.update(secrets=None)
    assert knock(channel) == 403
    with company_scope(desk.company.pk):
        Channel.objects.update(active=False)
    assert knock(channel) == 403
    assert visits() == 0
