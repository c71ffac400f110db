"""Who is told that documents entered a state, and what people do with their notices."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping

from django.conf import settings
from django.db import transaction

from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.core.workflow import definition
from fattorino.core.workflow.decide import may_see
from fattorino.core.workflow.definition import Workflow
from fattorino.organisations import groups
from fattorino.organisations.queries import Actor
from fattorino.organisations.rows import insert_rows
from fattorino.workflow import notices, queries
from fattorino.workflow.models import Notice, NoticeMail, NoticePreference, StateChange

KEPT = datetime.timedelta(days=365)
Mail = Notice.Mail


def tell(
    happened: Iterable[tuple[StateChange, tuple[definition.Notice, ...]]],
    *,
    now: datetime.datetime,
    once: bool = False,
) -> None:
    """Write the notices of these changes of one company; called in the transaction that writes the changes.

    Everybody in the groups is told, also who made the change: of what she started the outcome comes later, alone.

    Args:
        once: the changes are one event (of a lotto): a person is told of the first that concerns her, by e-mail where
            any of them asks for that.
    """
    told = [(change, wanted) for change, wanted in happened if wanted]
    if not told:
        return
    company_id = told[0][0].company_id
    _, workflow = queries.workflow_of(company_id)
    names = groups.names_of_all(company_id, only_roles=_only_roles(workflow, told))
    # Documents that move together mostly enter the same state.
    people = {
        (change.to_state, wanted): _people(workflow, change.to_state, wanted, names)
        for change, wanted in told
    }
    concerned = [(change, people[change.to_state, wanted]) for change, wanted in told]
    if once:
        concerned = _each_once(concerned)
    by_day = daily(company_id, {user for each in people.values() for user, mail in each.items() if mail})
    insert_rows(
        [
            Notice(
                company_id=company_id,
                user_id=user_id,
                change_id=change.pk,
                document_id=change.document_id,
                state=change.to_state,
                created_at=now,
                mail=(Mail.DIGEST if user_id in by_day else Mail.NOW) if by_mail else Mail.NONE,
            )
            for change, mine in concerned
            for user_id, by_mail in mine.items()
        ]
    )


def _each_once(
    concerned: list[tuple[StateChange, dict[int, bool]]],
) -> list[tuple[StateChange, dict[int, bool]]]:
    by_mail = {user for _, people in concerned for user, mail in people.items() if mail}
    known = set[int]()
    found = []
    for change, people in concerned:
        found.append((change, {user: user in by_mail for user in people if user not in known}))
        known |= people.keys()
    return found


def _only_roles(
    workflow: Workflow, told: Iterable[tuple[StateChange, tuple[definition.Notice, ...]]]
) -> bool:
    """Whether who is told, and may see it, hangs on the people's roles alone."""
    return all(
        not workflow.state(change.to_state).reserved
        and all(notice.group in groups.ROLE_NAMES for notice in wanted)
        for change, wanted in told
    )


def _people(
    workflow: Workflow,
    code: str,
    wanted: tuple[definition.Notice, ...],
    names: Mapping[int, frozenset[str]],
) -> dict[int, bool]:
    """Who is told, and whether by e-mail too; in several groups one is told once, by e-mail if any of them is."""
    state = workflow.state(code)
    told = {
        user_id: [notice for notice in wanted if notice.group in own]
        for user_id, own in names.items()
        if may_see(state, own)
    }
    return {
        user_id: settings.MAIL and any(notice.mail for notice in mine)
        for user_id, mine in told.items()
        if mine
    }


def daily(company_id: int, user_ids: set[int]) -> frozenset[int]:
    """Those who want one e-mail a day."""
    if not user_ids:
        return frozenset()
    rows = NoticePreference.objects.filter(company_id=company_id, user_id__in=user_ids, digest=True)
    return frozenset(rows.values_list("user_id", flat=True))


def mark_read(actor: Actor, notice_id: int, *, now: datetime.datetime) -> None:
    """Take one of the person's notices as read; nothing happens where it was.

    Raises:
        RefusedError: she has no such notice, or may not see its document any more.
    """
    if notices.find(actor, notice_id) is None:
        raise RefusedError(say("Avviso non trovato."))
    _unread(actor).filter(pk=notice_id).update(read_at=now)


def mark_all_read(actor: Actor, up_to: int, *, now: datetime.datetime) -> int:
    """Take as read what the page showed: what came after the notice `up_to` nobody has seen yet. Returns how many."""
    return _unread(actor).filter(pk__lte=up_to).update(read_at=now)


def mark_document_read(actor: Actor, document_id: int, *, now: datetime.datetime) -> int:
    """Whoever looks at the document has no need of its notices. Returns how many were still unread."""
    return _unread(actor).filter(document_id=document_id).update(read_at=now)


def _unread(actor: Actor) -> notices.Notices:
    return notices.visible(actor).filter(read_at=None)


def choose_mail(actor: Actor, *, digest: bool) -> None:
    """How the person wants her e-mails: one a day, or each at once. What waits goes the way it was meant to."""
    if actor.user_id is None:
        raise RefusedError(say("Solo una persona riceve avvisi."))
    NoticePreference.objects.update_or_create(
        company_id=actor.company_id, user_id=actor.user_id, defaults={"digest": digest}
    )


def tidy(*, now: datetime.datetime, limit: int = 1000) -> int:
    """Forget notices that were read and are older than a year, and e-mails that held only such; how many notices.

    In the system's scope only. What was never read, or is still to be mailed, stays.
    """
    before = now - KEPT
    with transaction.atomic():
        old = Notice.objects.filter(
            created_at__lt=before, read_at__isnull=False, mail__in=[Mail.NONE, Mail.SENT]
        )
        ids = list(old.values_list("pk", flat=True)[:limit])
        Notice.objects.filter(pk__in=ids).delete()
        # The notices of a mail that was no longer due have left it; those of a refused one wait for a new address.
        done = [NoticeMail.Outcome.SENT, NoticeMail.Outcome.DROPPED]
        mails = NoticeMail.objects.filter(closed_at__lt=before, outcome__in=done, notices=None)
        NoticeMail.objects.filter(pk__in=list(mails.values_list("pk", flat=True)[:limit])).delete()
        return len(ids)
