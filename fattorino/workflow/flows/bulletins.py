"""What concerns no document, and that the administrators of a company are told of: once, however often it is found."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db import transaction

from fattorino.organisations import groups
from fattorino.workflow.flows.notices import daily
from fattorino.workflow.models import Bulletin, Notice

ADMINISTRATORS = "group:admin"


def announce(
    company_id: int, event: str, title: str, text: str, page: str, *, now: datetime.datetime
) -> bool:
    """Tell the company's administrators, in the pages and by e-mail; whether this is new.

    Args:
        event: what makes it the same thing when it is found again. page: the address that shows it, without host.
    """
    with transaction.atomic():
        # Of two that find the same thing at once one writes it; the other waits for that and has nothing to tell.
        row, new = Bulletin.objects.get_or_create(
            company_id=company_id,
            event=event,
            defaults={"title": str(title)[:200], "text": str(text), "page": page, "at": now},
        )
        if not new:
            return False
        people = {person.id for person in groups.members_of(company_id, ADMINISTRATORS)}
        by_day = daily(company_id, people) if settings.MAIL else frozenset()
        Notice.objects.bulk_create(
            Notice(
                company_id=company_id,
                user_id=user_id,
                bulletin=row,
                created_at=now,
                mail=_mail(user_id in by_day),
            )
            for user_id in sorted(people)
        )
        return True


def _mail(by_day: bool) -> str:
    if not settings.MAIL:
        return Notice.Mail.NONE
    return Notice.Mail.DIGEST if by_day else Notice.Mail.NOW
