"""E-mails about notices: made, tried, sent. State before network, the network without a transaction, then the outcome.

No mail is ever given up for time: the pauses grow to a day, and it goes when the server takes it. The Message-ID comes
with the row, so the one message that a crash between the server's answer and our commit repeats is known as the same.
"""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from fattorino import clock
from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.organisations import groups
from fattorino.organisations.flows import audit
from fattorino.organisations.groups import Person
from fattorino.organisations.queries import Actor, actors_of, get_company
from fattorino.workflow import notices
from fattorino.workflow.models import Notice, NoticeMail, NoticePreference
from fattorino.workflow.notices import NoticeRow

Mail = Notice.Mail
Outcome = NoticeMail.Outcome
# What comes within a minute of a person's last mail goes together in the next.
TOGETHER = datetime.timedelta(seconds=60)
DIGEST_HOUR = 8
# Seconds before the next attempt; the last one holds from then on.
PAUSES = (60, 300, 900, 3600, 3 * 3600, 6 * 3600, 24 * 3600)
# More lines nobody reads in an e-mail; the page has them all.
LINES = 50


@dataclass(frozen=True, slots=True)
class Letter:
    """What one e-mail says, and in which language. `more`: notices beyond those in `rows`."""

    key: uuid.UUID
    address: str
    company: str
    digest: bool
    rows: tuple[NoticeRow, ...]
    more: int
    language: str


def pause(attempts: int) -> datetime.timedelta:
    """How long to wait after so many attempts."""
    return datetime.timedelta(seconds=PAUSES[min(max(attempts, 1), len(PAUSES)) - 1])


def digest_time(now: datetime.datetime) -> datetime.datetime:
    """The last eight o'clock of the morning in Italy."""
    local = now.astimezone(clock.ROME)
    today = local.replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0)
    return today if today <= local else today - datetime.timedelta(days=1)


@transaction.atomic
def make_mails(company_id: int, *, now: datetime.datetime) -> int:
    """Put the notices that wait into e-mails, one a person; how many mails."""
    waiting = Notice.objects.filter(company_id=company_id, mail__in=[Mail.NOW, Mail.DIGEST])
    users = set(waiting.values_list("user_id", flat=True).distinct())
    people = {p.id: p for p in groups.people_of(company_id) if p.id in users}
    # Who left the company is told nothing any more.
    waiting.filter(user_id__in=users - set(people)).update(mail=Mail.NONE)
    refused = dict(
        NoticePreference.objects.filter(company_id=company_id, user_id__in=people)
        .exclude(refused_address="")
        .values_list("user_id", "refused_address")
    )
    reachable = [p.id for p in people.values() if refused.get(p.id) != p.email]
    return sum(_make_at_once(company_id, u, now) + _make_digest(company_id, u, now) for u in reachable)


def _make_at_once(company_id: int, user_id: int, now: datetime.datetime) -> int:
    lately = NoticeMail.objects.filter(
        company_id=company_id, user_id=user_id, digest_day=None, created_at__gt=now - TOGETHER
    )
    if lately.exists():
        return 0
    return _make(company_id, user_id, now, Notice.objects.filter(mail=Mail.NOW), None)


def _make_digest(company_id: int, user_id: int, now: datetime.datetime) -> int:
    moment = digest_time(now)
    day = moment.date()
    if NoticeMail.objects.filter(company_id=company_id, user_id=user_id, digest_day=day).exists():
        return 0  # what was written down late waits for tomorrow: one a day was asked for
    return _make(
        company_id, user_id, now, Notice.objects.filter(mail=Mail.DIGEST, created_at__lt=moment), day
    )


def _make(
    company_id: int,
    user_id: int,
    now: datetime.datetime,
    found: notices.Notices,
    digest_day: datetime.date | None,
) -> int:
    mine = found.filter(company_id=company_id, user_id=user_id)
    # Another worker at the same work takes what this one does not hold.
    ids = list(mine.select_for_update(skip_locked=True).values_list("pk", flat=True))
    if not ids:
        return 0
    mail = NoticeMail.objects.create(
        company_id=company_id,
        user_id=user_id,
        key=uuid.uuid4(),
        digest_day=digest_day,
        created_at=now,
        next_attempt_at=now,
    )
    Notice.objects.filter(pk__in=ids).update(mail=Mail.QUEUED, in_mail=mail)
    return 1


@transaction.atomic
def claim(mail_id: int, company_id: int, *, now: datetime.datetime) -> Letter | None:
    """Write down that an attempt begins; what to send, or None where there is nothing to send (any more)."""
    mail = NoticeMail.objects.select_for_update(skip_locked=True).filter(
        pk=mail_id, company_id=company_id, outcome=Outcome.WAITING, next_attempt_at__lte=now
    )
    row = mail.first()
    if row is None:
        return None
    person = next((p for p in groups.people_of(company_id) if p.id == row.user_id), None)
    letter = _letter(row, person) if person else None
    if letter is None:
        _close(row, Outcome.DROPPED, Mail.NONE, now)
        return None
    row.attempts += 1
    row.address = letter.address
    row.next_attempt_at = now + pause(row.attempts)
    row.save(update_fields=["attempts", "address", "next_attempt_at"])
    return letter


def _letter(row: NoticeMail, person: Person) -> Letter | None:
    """What the person may be told today; None where that is nothing."""
    actor = actors_of(row.company_id, [person.id]).get(person.id)
    if actor is None:
        return None
    found = notices.visible(actor).filter(in_mail=row)
    count = found.count()
    if not count:
        return None
    rows = tuple(notices.read_rows(actor, found.order_by("pk")[:LINES]))
    company = get_company(row.company_id).name
    return Letter(
        key=row.key,
        address=person.email,
        company=company,
        digest=row.digest_day is not None,
        rows=rows,
        more=count - len(rows),
        language=row.user.language,
    )


def sent(mail_id: int, company_id: int, *, now: datetime.datetime) -> None:
    """The server took it."""
    with transaction.atomic():
        row = _open(mail_id, company_id)
        if row is not None:
            row.last_error = ""
            _close(row, Outcome.SENT, Mail.SENT, now)


def put_off(mail_id: int, company_id: int, why: str, *, now: datetime.datetime) -> None:
    """The server did not take this one: it waits, the others do not."""
    with transaction.atomic():
        row = _open(mail_id, company_id)
        if row is not None:
            row.last_error = why[:500]
            row.next_attempt_at = now + pause(row.attempts)
            row.save(update_fields=["last_error", "next_attempt_at"])


def put_all_off(why: str, *, now: datetime.datetime) -> int:
    """The server cannot be reached: whatever is due waits, each the longer the longer it has. In the system's scope."""
    moved = 0
    for attempts in range(len(PAUSES)):
        of_age = {"attempts__gte" if attempts == len(PAUSES) - 1 else "attempts": attempts}
        due = NoticeMail.objects.filter(outcome=Outcome.WAITING, next_attempt_at__lte=now, **of_age)
        moved += due.update(
            attempts=F("attempts") + 1, next_attempt_at=now + pause(attempts + 1), last_error=why[:500]
        )
    return moved


def refused(mail_id: int, company_id: int, why: str, *, now: datetime.datetime) -> None:
    """The server says that there is no such address: nothing more is sent to it, and administrators are shown."""
    with transaction.atomic():
        row = _open(mail_id, company_id)
        if row is None:
            return
        row.last_error = why[:500]
        _close(row, Outcome.REFUSED, Mail.QUEUED, now)
        NoticePreference.objects.update_or_create(
            company_id=company_id,
            user_id=row.user_id,
            defaults={"refused_address": row.address, "refused_why": why[:500], "refused_at": now},
        )


def try_again(actor: Actor, user_id: int, *, now: datetime.datetime) -> None:
    """An administrator has mended the address, or had the mailbox mended: what waited for it goes now.

    Raises:
        RefusedError: not an administrator, or nobody whose address was refused.
    """
    if not actor.may_configure:
        raise RefusedError(say("Solo un amministratore dell'azienda può riprovare un indirizzo rifiutato."))
    with transaction.atomic():
        marks = NoticePreference.objects.select_for_update().filter(
            company_id=actor.company_id, user_id=user_id
        )
        mark = marks.exclude(refused_address="").first()
        if mark is None:
            raise RefusedError(say("Per questa persona non c'è alcun indirizzo rifiutato."))
        audit(
            "indirizzo da riprovare",
            now=now,
            actor_id=actor.user_id,
            company_id=actor.company_id,
            user=user_id,
            address=mark.refused_address,
        )
        mark.refused_address, mark.refused_why, mark.refused_at = "", "", None
        mark.save(update_fields=["refused_address", "refused_why", "refused_at"])
        NoticeMail.objects.filter(
            company_id=actor.company_id, user_id=user_id, outcome=Outcome.REFUSED
        ).update(outcome=Outcome.WAITING, closed_at=None, attempts=0, next_attempt_at=now, last_error="")


def _open(mail_id: int, company_id: int) -> NoticeMail | None:
    rows = NoticeMail.objects.select_for_update().filter(pk=mail_id, company_id=company_id)
    return rows.filter(outcome=Outcome.WAITING).first()


def _close(row: NoticeMail, outcome: str, mail: str, now: datetime.datetime) -> None:
    row.outcome, row.closed_at = outcome, now
    row.save(update_fields=["outcome", "closed_at", "last_error"])
    left = {"in_mail": None} if outcome == Outcome.DROPPED else {}
    Notice.objects.filter(in_mail=row, company_id=row.company_id).update(mail=mail, **left)
