"""Notices by e-mail against a real mail server: what goes out, to whom, and what faults do to it."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings as django_settings
from django.core.mail import EmailMultiAlternatives
from django.db import connection

from fattorino import clock
from fattorino.config import demo
from fattorino.core.errors import RefusedError
from fattorino.organisations.flows import revoke_user, save_user
from fattorino.organisations.scope import company_scope, system_scope
from fattorino.workflow import notices, postman, tasks_notices
from fattorino.workflow.flows import notice_mails
from fattorino.workflow.flows import notices as notice_flows
from fattorino.workflow.models import Notice, NoticeMail, NoticePreference
from fattorino.workflow.postman import Postman
from tests.desk import NOW, Desk, make_desk
from tests.workflow.postbox import (
    CHOSEN,
    ENTERED,
    HANGS_UP,
    PostBox,
    annul,
    browser_of,
    person,
    postbox,
    reserve,
    subject_of,
    tells,
    text_of,
)

__all__ = ["postbox"]  # a fixture
LAURA = "laura@ordine.example"
ROME = ZoneInfo("Europe/Rome")
Round = Callable[..., None]


@pytest.fixture
def go(monkeypatch: pytest.MonkeyPatch) -> Round:
    """The worker's round, some seconds after the desk's own time."""

    def run(seconds: float = 1, *, at: datetime.datetime = NOW) -> None:
        monkeypatch.setattr(clock, "now", lambda: at + datetime.timedelta(seconds=seconds))
        tasks_notices.mail_notices.func(timestamp=0)

    return run


def outcomes() -> list[str]:
    return list(NoticeMail.objects.order_by("pk").values_list("outcome", flat=True))


# ------------------------------------------------------------------------------------------- what goes out


def test_the_mail_says_number_date_counterpart_state_and_where_and_nothing_more(
    desk: Desk, postbox: PostBox, go: Round
) -> None:
    tells(desk, ENTERED, mail=True)
    document = desk.save()
    go()
    (mail,), notice = postbox.mails, Notice.objects.get()
    assert postbox.to == [LAURA] and mail["To"] == LAURA and mail["Cc"] is None and mail["Bcc"] is None
    assert mail["From"] == "Fattorino <avvisi@ordine.example>"
    assert mail["Subject"] == f"Fattura 1: {notices.page(desk.actor).rows[0].state.label}"  # type: ignore[union-attr]
    link = f"https://fatture.ordine.example/avvisi/{notice.pk}/"
    for text in (text_of(mail), text_of(mail, "html")):
        for words in ("Fattura 1", "del 21/11/2026", document.counterpart_name, "Da processare", link):
            assert words.casefold() in text.casefold(), words
        for secret in ("Laura", "427", "350", demo.ROSSI.id_codice, demo.ROSSI.indirizzo, "Corso", LAURA):
            assert secret not in text, secret
    assert outcomes() == ["sent"] and Notice.objects.get().mail == "sent"


def test_the_mail_is_known_as_automatic_and_by_a_number_of_its_own(
    desk: Desk, postbox: PostBox, go: Round
) -> None:
    tells(desk, ENTERED, mail=True)
    desk.save()
    go()
    (mail,), row = postbox.mails, NoticeMail.objects.get()
    assert mail["Auto-Submitted"] == "auto-generated"  # RFC 3834
    assert mail["Message-ID"] == f"<{row.key}@ordine.example>"
    assert mail["Date"] is not None


def test_it_goes_once_however_often_the_round_is_made(desk: Desk, postbox: PostBox, go: Round) -> None:
    tells(desk, ENTERED, mail=True)
    desk.save()
    for seconds in (1, 2, 70, 5000):
        go(seconds)
    assert len(postbox.mails) == 1


def test_what_is_told_in_the_pages_only_is_not_mailed(desk: Desk, postbox: PostBox, go: Round) -> None:
    tells(desk, ENTERED)
    desk.save()
    go()
    assert postbox.mails == [] and NoticeMail.objects.count() == 0


def test_what_happens_within_a_minute_goes_together(desk: Desk, postbox: PostBox, go: Round) -> None:
    tells(desk, ENTERED, mail=True)
    desk.save()
    go(1)
    desk.save(), desk.save()
    go(30)
    assert len(postbox.mails) == 1
    go(62)
    assert subject_of(postbox.mails[1]) == f"2 avvisi · {desk.company.name}"
    assert "Fattura 2" in text_of(postbox.mails[1]) and "Fattura 3" in text_of(postbox.mails[1])


def test_a_long_mail_names_some_and_counts_the_others(
    desk: Desk, postbox: PostBox, go: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notice_mails, "LINES", 2)
    tells(desk, ENTERED, mail=True)
    for _ in range(5):
        desk.save()
    go()
    text = text_of(postbox.mails[0])
    assert "Fattura 2" in text and "Fattura 3" not in text and "altri 3 avvisi" in text
    assert Notice.objects.filter(mail="sent").count() == 5


def test_a_name_with_signs_of_html_is_only_a_name(desk: Desk, postbox: PostBox, go: Round) -> None:
    from dataclasses import replace

    tells(desk, ENTERED, mail=True)
    desk.save(desk.draft(cessionario=replace(demo.ROSSI, denominazione="Neri & <b>Figli</b>")))
    go()
    assert "Neri &amp; &lt;b&gt;Figli" in text_of(postbox.mails[0], "html")
    assert "Neri & <b>Figli</b>" in text_of(postbox.mails[0])


# ------------------------------------------------------------------------------------------- the digest


@pytest.mark.parametrize(
    ("now", "moment"),
    [
        ("2026-11-21T07:59:59+01:00", "2026-11-20T08:00:00+01:00"),
        ("2026-11-21T08:00:00+01:00", "2026-11-21T08:00:00+01:00"),
        ("2026-03-29T09:00:00+02:00", "2026-03-29T08:00:00+02:00"),  # the clocks went on that night
        ("2026-10-25T07:30:00+01:00", "2026-10-24T08:00:00+02:00"),  # and back on this one
        ("2026-10-25T06:30:00+00:00", "2026-10-24T08:00:00+02:00"),
    ],
)
def test_the_digest_is_of_eight_in_the_morning_in_italy(now: str, moment: str) -> None:
    found = notice_mails.digest_time(datetime.datetime.fromisoformat(now))
    assert found == datetime.datetime.fromisoformat(moment)


def test_who_wants_a_digest_gets_one_a_day_with_all_since_the_last(
    desk: Desk, postbox: PostBox, go: Round
) -> None:
    ada = person(desk, "ada@ordine.example")
    tells(desk, ENTERED, mail=True)
    notice_flows.choose_mail(ada, digest=True)
    desk.save(), desk.save()
    go()
    assert postbox.to == [LAURA]
    morning = datetime.datetime(2026, 11, 22, 8, 0, tzinfo=ROME)
    go(-1, at=morning)
    assert postbox.to == [LAURA]
    go(1, at=morning)
    assert postbox.to == [LAURA, "ada@ordine.example"]
    digest = postbox.mails[1]
    assert subject_of(digest) == f"Riepilogo: 2 avvisi · {desk.company.name}"
    assert "Fattura 1" in text_of(digest) and "Fattura 2" in text_of(digest)
    go(3600, at=morning)
    go(24 * 3600 + 1, at=morning)  # nothing new: no mail
    assert len(postbox.mails) == 2


def test_a_digest_missed_by_a_worker_that_slept_goes_when_it_wakes(
    desk: Desk, postbox: PostBox, go: Round
) -> None:
    tells(desk, ENTERED, mail=True)
    notice_flows.choose_mail(desk.actor, digest=True)
    desk.save()
    go(0, at=datetime.datetime(2026, 11, 24, 15, 0, tzinfo=ROME))
    assert postbox.to == [LAURA]


def test_what_was_committed_late_waits_for_the_next_digest(desk: Desk, postbox: PostBox, go: Round) -> None:
    tells(desk, ENTERED, mail=True)
    notice_flows.choose_mail(desk.actor, digest=True)
    desk.save()
    morning = datetime.datetime(2026, 11, 22, 8, 0, tzinfo=ROME)
    go(1, at=morning)
    desk.save()  # at the desk's time, the day before
    go(2, at=morning)
    assert len(postbox.mails) == 1
    go(24 * 3600 + 1, at=morning)
    assert len(postbox.mails) == 2 and "Fattura 2" in text_of(postbox.mails[1])


# ------------------------------------------------------------------------------------------- who gets nothing


def test_who_left_the_company_meanwhile_gets_nothing(desk: Desk, postbox: PostBox, go: Round) -> None:
    person(desk, "ada@ordine.example"), person(desk, "eva@ordine.example")
    tells(desk, ENTERED, mail=True)
    desk.save()
    revoke_user(desk.company.pk, "ada@ordine.example", now=desk.now)
    postbox.rcpt["eva@ordine.example"] = "451 later"
    go()
    assert postbox.to == [LAURA]
    postbox.rcpt.clear()
    revoke_user(desk.company.pk, "eva@ordine.example", now=desk.now)
    go(90)
    assert postbox.to == [LAURA] and sorted(outcomes()) == ["dropped", "sent"]
    assert not Notice.objects.filter(mail__in=["now", "queued"]).exists()


def test_who_lost_sight_of_the_document_meanwhile_gets_nothing_of_it(
    desk: Desk, postbox: PostBox, go: Round
) -> None:
    tells(desk, ENTERED, mail=True)
    secret, open_one = desk.save(), desk.save()
    annul(desk, secret)
    reserve(desk, CHOSEN, "group:admin")
    go()
    assert "Fattura 1" not in text_of(postbox.mails[0]) and "Fattura 2" in text_of(postbox.mails[0])
    reserve(desk, CHOSEN)
    annul(desk, open_one)
    third = desk.save()
    annul(desk, third)
    reserve(desk, CHOSEN, "group:admin")
    go(70)
    assert len(postbox.mails) == 1 and outcomes() == ["sent", "dropped"]


def test_each_company_is_told_of_its_own(desk: Desk, other_desk: Desk, postbox: PostBox, go: Round) -> None:
    tells(desk, ENTERED, mail=True)
    desk.save()
    with company_scope(other_desk.company.pk):
        tells(other_desk, ENTERED, mail=True)
        other_desk.save()
    go()
    found = dict(zip(postbox.to, postbox.mails, strict=True))
    assert set(found) == {LAURA, "giulia@studio.example"}
    assert desk.company.name in text_of(found[LAURA])
    assert desk.company.name not in text_of(found["giulia@studio.example"])


# ------------------------------------------------------------------------------------------- faults


def test_a_server_that_is_down_delays_and_loses_none(desk: Desk, postbox: PostBox, go: Round) -> None:
    tells(desk, ENTERED, mail=True)
    postbox.stop()
    desk.save()
    go(1)
    row = NoticeMail.objects.get()
    assert (row.attempts, row.outcome) == (1, "") and row.last_error
    go(30)
    assert NoticeMail.objects.get().attempts == 1  # before its pause is over nothing is tried
    go(62)
    desk.save()  # nobody who works notices anything
    go(130)
    first, second = NoticeMail.objects.order_by("pk")
    assert (first.attempts, second.attempts) == (2, 1)
    assert first.next_attempt_at - NOW > datetime.timedelta(seconds=300)
    postbox.start()
    go(5 * 24 * 3600)
    assert len(postbox.mails) == 2 and outcomes() == ["sent", "sent"]


def test_the_pauses_grow_to_a_day_and_never_end() -> None:
    pauses = [notice_mails.pause(n).total_seconds() for n in range(1, 12)]
    assert pauses == sorted(pauses) and pauses[0] == 60 and pauses[-1] == 24 * 3600


def test_a_mail_that_the_server_puts_off_does_not_hold_the_others(
    desk: Desk, postbox: PostBox, go: Round
) -> None:
    for name in ("a", "b", "c", "d"):
        person(desk, f"{name}@ordine.example")
    tells(desk, ENTERED, mail=True)
    desk.save()
    postbox.rcpt[LAURA] = "451 4.7.1 Greylisted, try again"
    postbox.data["a@ordine.example"] = "554 5.7.1 looks like spam"
    postbox.data["b@ordine.example"] = HANGS_UP
    go()
    assert sorted(postbox.to) == ["c@ordine.example", "d@ordine.example"]
    assert not notices.delivery(desk.company.pk).unreachable
    postbox.rcpt.clear(), postbox.data.clear()
    go(70)
    assert len(postbox.to) == 5 == len(set(postbox.to))


def test_a_server_that_lets_nobody_relay_makes_no_address_bad(
    desk: Desk, postbox: PostBox, go: Round
) -> None:
    tells(desk, ENTERED, mail=True)
    desk.save()
    postbox.rcpt[LAURA] = "554 5.7.1 Relay access denied"
    go()
    assert outcomes() == [""] and not notices.delivery(desk.company.pk).unreachable


def test_nothing_is_sent_in_clear_where_encryption_was_asked_for(
    desk: Desk, postbox: PostBox, go: Round, settings: Any
) -> None:
    settings.EMAIL_USE_TLS = True
    tells(desk, ENTERED, mail=True)
    desk.save()
    go()
    assert postbox.mails == [] and "STARTTLS" in NoticeMail.objects.get().last_error


def test_an_address_that_does_not_exist_is_marked_shown_and_tried_no_more(
    desk: Desk, postbox: PostBox, go: Round
) -> None:
    boss = person(desk, "capo@ordine.example", "Piera Capo", "admin")
    tells(desk, ENTERED, mail=True)
    postbox.rcpt[LAURA] = "550 5.1.1 No such user here"
    desk.save()
    go()
    desk.save()
    asked: list[str] = []
    postbox.rcpt = _Listening(asked)  # type: ignore[assignment]
    go(5000)
    assert asked == [] and outcomes() == ["refused"]
    page = browser_of(boss).get("/avvisi/posta/").content.decode()
    for words in ("Laura Conti", LAURA, "550 5.1.1 No such user here"):
        assert words in page, words
    assert "non raggiungono una persona" in browser_of(boss).get("/avvisi/").content.decode()
    assert "Laura Conti" in browser_of(boss).get("/avvisi/posta/?file=csv").content.decode()
    refusal = browser_of(desk.actor).get("/avvisi/posta/")
    assert refusal.status_code == 403 and "registri dell" in refusal.content.decode()
    assert notices.unread(desk.actor) == 2  # in the pages she has them


class _Listening(dict[str, str]):
    def __init__(self, asked: list[str]) -> None:
        self.asked = asked

    def __contains__(self, address: object) -> bool:
        self.asked.append(str(address))
        return False


def test_after_an_administrator_says_so_all_that_waited_goes_to_the_new_address(
    desk: Desk, postbox: PostBox, go: Round
) -> None:
    boss = person(desk, "capo@ordine.example", "Piera Capo", "admin")
    tells(desk, ENTERED, mail=True)
    postbox.rcpt[LAURA] = "550 5.1.1 No such user here"
    desk.save()
    go()
    desk.save()
    body = {"azienda": desk.company.pk, "persona": desk.actor.user_id}
    assert browser_of(desk.actor).post("/avvisi/posta/riprova/", body).status_code == 403
    with pytest.raises(RefusedError):
        notice_mails.try_again(desk.actor, desk.actor.user_id or 0, now=desk.now)
    postbox.rcpt.clear()
    browser_of(boss).post("/avvisi/posta/riprova/", body)
    go(5000)
    assert postbox.to == [LAURA, LAURA] and not notices.delivery(desk.company.pk).unreachable
    with pytest.raises(RefusedError):
        notice_mails.try_again(boss, desk.actor.user_id or 0, now=desk.now)


def test_what_is_no_address_is_refused_without_asking_the_server(
    desk: Desk, postbox: PostBox, go: Round
) -> None:
    save_user("perché@ordine.example", None, "Ugo Verdi", {desk.company.pk: "operator"}, now=desk.now)
    tells(desk, ENTERED, mail=True)
    desk.save()
    go()
    assert postbox.to == [LAURA]
    assert [each.name for each in notices.delivery(desk.company.pk).unreachable] == ["Ugo Verdi"]


def test_administrators_see_that_mail_waits_and_why(desk: Desk, postbox: PostBox, go: Round) -> None:
    boss = person(desk, "capo@ordine.example", "Piera Capo", "admin")
    browser = browser_of(boss)
    assert "Tutto parte regolarmente" in browser.get("/avvisi/posta/").content.decode()
    tells(desk, ENTERED, mail=True)
    postbox.stop()
    desk.save()
    go()
    page = browser.get("/avvisi/posta/").content.decode()
    assert "non le ha ancora prese" in page and "Connection refused" in page


def test_without_a_server_what_waits_is_left_alone(
    desk: Desk, postbox: PostBox, go: Round, settings: Any
) -> None:
    tells(desk, ENTERED, mail=True)
    desk.save()
    settings.MAIL = False
    go()
    assert postbox.mails == [] and Notice.objects.get().mail == "now"
    assert (
        "Nessun server di posta"
        in browser_of(person(desk, "capo@ordine.example", "Piera Capo", "admin"))
        .get("/avvisi/posta/")
        .content.decode()
    )


def test_a_letter_that_breaks_the_program_does_not_hold_the_others(
    desk: Desk, postbox: PostBox, go: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        person(desk, f"{name}@ordine.example")
    tells(desk, ENTERED, mail=True)
    desk.save()
    real = postman.compose

    def compose(letter: notice_mails.Letter) -> EmailMultiAlternatives:
        if letter.address == LAURA:
            raise ZeroDivisionError
        return real(letter)

    monkeypatch.setattr(postman, "compose", compose)
    with pytest.raises(ZeroDivisionError):
        go(1)
    go(2)
    assert sorted(postbox.to) == ["a@ordine.example", "b@ordine.example"]
    monkeypatch.setattr(postman, "compose", real)
    go(70)
    assert LAURA in postbox.to


def test_a_round_that_lasts_too_long_leaves_the_rest_to_the_next(
    desk: Desk, postbox: PostBox, go: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        person(desk, f"{name}@ordine.example")
    tells(desk, ENTERED, mail=True)
    desk.save()
    monkeypatch.setattr(tasks_notices, "ROUND", -1.0)
    go(1)
    assert postbox.mails == []
    monkeypatch.setattr(tasks_notices, "ROUND", 12.0)
    go(2)
    assert len(postbox.mails) == 3


def test_what_is_still_to_be_mailed_is_not_tidied_away(desk: Desk, postbox: PostBox, go: Round) -> None:
    tells(desk, ENTERED, mail=True)
    desk.save()
    old = desk.now - datetime.timedelta(days=400)
    Notice.objects.update(created_at=old, read_at=old)
    with system_scope():
        assert notice_flows.tidy(now=desk.now) == 0
    go()
    with system_scope():
        assert notice_flows.tidy(now=desk.now) == 1
        assert NoticeMail.objects.count() == 1
        NoticeMail.objects.update(closed_at=old)
        notice_flows.tidy(now=desk.now)
        assert NoticeMail.objects.count() == 0


# ------------------------------------------------------------------------------------------- with real transactions


@pytest.fixture
def office(transactional_db: None) -> Desk:
    """A desk whose rows are committed."""
    desk = make_desk(demo.ORDINE, LAURA)
    with company_scope(desk.company.pk):
        tells(desk, ENTERED, mail=True)
        desk.save()
    return desk


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_server_is_talked_to(
    postbox: PostBox, office: Desk, go: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    for name in ("connect", "hand_over"):
        real = getattr(Postman, name)

        def watched(self: Postman, *args: object, _real: Any = real, _name: str = name) -> object:
            assert not connection.in_atomic_block
            seen.append(_name)
            return _real(self, *args)

        monkeypatch.setattr(Postman, name, watched)
    go()
    assert "hand_over" in seen and len(postbox.mails) == 1


_WORKER = """
import os, signal, sys
import django
django.setup()
from fattorino import clock
from fattorino.workflow import tasks_notices
from fattorino.workflow.flows import notice_mails
from fattorino.workflow.postman import Postman

def die(*args, **options):
    os.kill(os.getpid(), signal.SIGKILL)

if sys.argv[1] == "before":
    Postman.hand_over = die
elif sys.argv[1] == "between":
    notice_mails.sent = die
tasks_notices.mail_notices.func(timestamp=0)
"""


def worker(postbox: PostBox, dies: str) -> int:
    """A round of a worker of its own; how it ended."""
    place = django_settings.DATABASES["default"]
    name = connection.settings_dict["NAME"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "DATABASE_URL"))}
    environment |= {
        "DJANGO_SETTINGS_MODULE": "fattorino.config.settings",
        "DATABASE_URL": f"postgresql://fattorino@{quote(str(place['HOST']), safe='')}/{name}",
        "FATTORINO_SMTP_HOST": "127.0.0.1",
        "FATTORINO_SMTP_PORT": str(postbox.port),
        "FATTORINO_SMTP_TLS": "no",
        "FATTORINO_FROM": "avvisi@ordine.example",
        "FATTORINO_URL": "https://fatture.ordine.example",
    }
    words = [sys.executable, "-c", textwrap.dedent(_WORKER), dies]
    return subprocess.run(words, env=environment, timeout=60, check=False).returncode


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("dies", "arrivals"), [("before", 1), ("between", 2)])
def test_a_worker_killed_at_the_worst_moment_loses_nothing_and_its_repeat_is_known_as_such(
    postbox: PostBox, office: Desk, go: Round, dies: str, arrivals: int
) -> None:
    """Between the server's answer and our commit nobody can know: then it goes again as the same message."""
    assert worker(postbox, dies) == -9
    with company_scope(office.company.pk):
        row = NoticeMail.objects.get()
        assert (row.outcome, row.attempts) == ("", 1)
    assert len(postbox.mails) == arrivals - 1
    later = row.next_attempt_at
    go(1, at=later)
    go(90, at=later)
    assert [m["Message-ID"] for m in postbox.mails] == [f"<{row.key}@ordine.example>"] * arrivals
    assert len({text_of(m) for m in postbox.mails}) == 1
    with company_scope(office.company.pk):
        assert outcomes() == ["sent"]
        assert NoticePreference.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_it_once(postbox: PostBox, office: Desk, go: Round) -> None:
    """The queue gives the round to one only; this is for a worker that was thought dead and was not."""
    errors: list[BaseException] = []
    start = threading.Barrier(4)

    def run() -> None:
        try:
            start.wait(20)
            tasks_notices.mail_notices.func(timestamp=0)
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert len(postbox.mails) == 1
