"""What pages and the bell read of a person's notices, and administrators of the e-mails that tell of them."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.db.models import Count, Min, QuerySet

from fattorino.core.texts import say, together
from fattorino.organisations import groups
from fattorino.organisations.queries import Actor
from fattorino.workflow import kinds, queries
from fattorino.workflow.models import Notice, NoticeMail, NoticePreference
from fattorino.workflow.queries import StateView

Notices = QuerySet[Notice]
PAGE = 50
# The bell counts no further: "99+" says enough, and a person who never looks must not make every page slow.
COUNTED = 100


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One notice as lists and letters show it. `state` is the one the document entered then.

    Of a bulletin there is no document, but a `page` that shows what it is about.
    """

    id: int
    document_id: int | None
    kind_label: str
    number: str
    date: datetime.date | None
    counterpart: str
    state: StateView | None
    created_at: datetime.datetime
    read: bool
    # Of what moved no state (a term that is near): what it tells.
    text: str = ""
    page: str = ""

    @property
    def title(self) -> str:
        return together(self.kind_label, self.number)


def visible(actor: Actor) -> Notices:
    """The person's notices in the company, without those that a state reserved to others hides.

    Hidden are the document (where it stands now) and the state that the notice names, each for its own sake. Bulletins
    are for who administers the company now.
    """
    rows = Notice.objects.filter(company_id=actor.company_id, user_id=actor.user_id or 0)
    if not actor.may_configure:
        rows = rows.filter(bulletin=None)
    hidden = queries.hidden_states(actor.company_id, actor)
    return rows.exclude(state__in=hidden).exclude(document__state__in=hidden) if hidden else rows


def unread(actor: Actor) -> int:
    """How many the bell tells of, at most COUNTED."""
    mine = Notice.objects.filter(company_id=actor.company_id, user_id=actor.user_id or 0, read_at=None)
    if not mine.exists():
        return 0  # what every page asks is mostly answered by this alone
    return len(visible(actor).filter(read_at=None).values_list("pk", flat=True)[:COUNTED])


_UNREAD_OF = """
select u.id, (select count(*) from (select 1 from workflow_notice n
    left join workflow_document d on d.id = n.document_id
    where n.company_id = %s and n.user_id = u.id and n.read_at is null and n.state <> all(u.hidden)
      and case when d.id is null then u.administers else d.state <> all(u.hidden) end limit %s) found)
from (select g.id, string_to_array(g.codes, E'\\x1f') as hidden, g.id = any(%s) as administers
  from unnest(%s::bigint[], %s::text[]) as g (id, codes)) u
"""


def unread_of(
    company_id: int, hidden: Mapping[int, Collection[str]], administrators: Collection[int] = ()
) -> dict[int, int]:
    """What `unread` says, of many people in one question.

    Args:
        hidden: by user, the states whose documents do not exist for her. administrators: those who administer it.
    """
    with connection.cursor() as cursor:
        codes = ["\x1f".join(each) for each in hidden.values()]
        cursor.execute(_UNREAD_OF, [company_id, COUNTED, list(administrators), list(hidden), codes])
        return dict(cursor.fetchall())


@dataclass(frozen=True, slots=True)
class Page:
    """Some notices, the newest first. `older` is where the next page begins, None at the end."""

    rows: list[NoticeRow]
    older: int | None

    @property
    def newest(self) -> int:
        return self.rows[0].id if self.rows else 0


def page(actor: Actor, *, unread_only: bool = False, before: int | None = None) -> Page:
    """The notices that came before the one called `before`, or the newest."""
    found = visible(actor)
    if unread_only:
        found = found.filter(read_at=None)
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = read_rows(actor, found.order_by("-pk")[: PAGE + 1])
    return Page(rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None)


def every(actor: Actor, *, unread_only: bool, most: int = 10_000) -> list[NoticeRow]:
    """For the files: the newest ones, as many as a spreadsheet is still read with."""
    found = visible(actor)
    return read_rows(actor, (found.filter(read_at=None) if unread_only else found).order_by("-pk")[:most])


def find(actor: Actor, notice_id: int) -> NoticeRow | None:
    rows = read_rows(actor, visible(actor).filter(pk=notice_id))
    return rows[0] if rows else None


def read_rows(actor: Actor, found: Notices) -> list[NoticeRow]:
    """The rows with their words."""
    states = {s.code: s for s in queries.state_views(actor.company_id, actor)}
    rows = list(found.select_related("document", "change", "bulletin"))
    called = kinds.labels_of(actor.company_id, {n.document.pk: n.document.kind for n in rows if n.document})
    return [_row(notice, states.get(notice.state), called) for notice in rows]


def _row(notice: Notice, state: StateView | None, called: Mapping[int, str]) -> NoticeRow:
    if notice.document is None or notice.change is None:
        return _of_bulletin(notice)
    document = notice.document
    return NoticeRow(
        id=notice.pk,
        document_id=document.pk,
        kind_label=called[document.pk],
        number=document.number,
        date=document.date,
        counterpart=document.counterpart_name,
        state=state,
        created_at=notice.created_at,
        read=notice.read_at is not None,
        text=notice.change.message if notice.change.outcome == "recorded" else "",
    )


def _of_bulletin(notice: Notice) -> NoticeRow:
    told = notice.bulletin
    assert told is not None  # the database insists on one or the other
    return NoticeRow(
        id=notice.pk,
        document_id=None,
        kind_label=say(told.title),
        number="",
        date=None,
        counterpart="",
        state=None,
        created_at=notice.created_at,
        read=notice.read_at is not None,
        text=told.text,
        page=told.page,
    )


def wants_digest(actor: Actor) -> bool:
    rows = NoticePreference.objects.filter(company_id=actor.company_id, user_id=actor.user_id or 0)
    return rows.filter(digest=True).exists()


# ------------------------------------------------------------------------------------------- the e-mails


def to_make() -> list[int]:
    """Companies with notices that no e-mail holds yet. In the system's scope only."""
    rows = Notice.objects.filter(mail__in=[Notice.Mail.NOW, Notice.Mail.DIGEST])
    return list(rows.values_list("company_id", flat=True).distinct())


def due(now: datetime.datetime, limit: int) -> list[tuple[int, int]]:
    """E-mails whose turn has come, longest waiting first: (company, mail). In the system's scope only."""
    rows = NoticeMail.objects.filter(outcome=NoticeMail.Outcome.WAITING, next_attempt_at__lte=now)
    return list(rows.order_by("next_attempt_at", "pk").values_list("company_id", "pk")[:limit])


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A person whose address the mail server refused for good. `now` is her address of today."""

    user_id: int
    name: str
    address: str
    now: str
    why: str
    at: datetime.datetime | None
    mails: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the e-mails of a company are getting on. `since`: from when on the oldest of those that failed waits."""

    works: bool
    waiting: int
    failing: int
    since: datetime.datetime | None
    last_error: str
    unreachable: tuple[Unreachable, ...]


def delivery(company_id: int) -> Delivery:
    """For administrators."""
    waiting = NoticeMail.objects.filter(company_id=company_id, outcome=NoticeMail.Outcome.WAITING)
    failing = waiting.exclude(last_error="")
    last = failing.order_by("-next_attempt_at").first()
    return Delivery(
        works=settings.MAIL,
        waiting=waiting.count(),
        failing=failing.count(),
        since=failing.aggregate(first=Min("created_at"))["first"],
        last_error=last.last_error if last else "",
        unreachable=tuple(_unreachable(company_id)),
    )


def _unreachable(company_id: int) -> Iterator[Unreachable]:
    refused = NoticeMail.objects.filter(company_id=company_id, outcome=NoticeMail.Outcome.REFUSED)
    counts = dict(refused.values_list("user_id").annotate(n=Count("pk")).order_by())
    marks = {
        row.user_id: row
        for row in NoticePreference.objects.filter(company_id=company_id).exclude(refused_address="")
    }
    for person in groups.people_of(company_id):
        mark = marks.get(person.id)
        if mark:
            yield Unreachable(
                person.id,
                person.name,
                mark.refused_address,
                person.email,
                mark.refused_why,
                mark.refused_at,
                counts.get(person.id, 0),
            )
