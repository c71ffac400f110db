"""What the page of the signature reads."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from fattorino.core.distinguished import Words, in_words
from fattorino.core.workflow.definition import Action, Dashboard
from fattorino.hub.models import SigningKey
from fattorino.organisations.queries import Actor
from fattorino.workflow import counts
from fattorino.workflow.queries import under_way, workflow_of

# Days before its end at which a certificate is told about, and at which it is told about loudly.
SOON, VERY_SOON = 60, 14
EARLIER = 20


@dataclass(frozen=True, slots=True)
class KeyView:
    """One key as the page shows it: nothing that opens it.

    Attributes:
        days_left: until the certificate ends; below zero when it has.
        waiting: proposed, and not opened yet.
    """

    id: int
    kind: str
    kind_label: str
    form: str
    form_label: str
    subject: str
    issuer: str
    serial: str
    not_after: datetime.datetime | None
    days_left: int | None
    active: bool
    waiting: bool
    blocked_why: str
    tested_at: datetime.datetime | None
    test_note: str
    created_at: datetime.datetime
    place: str

    @property
    def holder(self) -> Words | None:
        """Whose certificate it is, in words."""
        return in_words(self.subject)

    @property
    def issued_by(self) -> Words | None:
        return in_words(self.issuer)

    @property
    def level(self) -> str:
        """How much the end of the certificate presses: "", "warning" or "error"."""
        if self.days_left is None or self.days_left > SOON:
            return ""
        return "error" if self.days_left <= VERY_SOON else "warning"


def active_key(company_id: int) -> SigningKey | None:
    return SigningKey.objects.filter(company_id=company_id, active=True).first()


def last_proposed(company_id: int) -> SigningKey | None:
    """The newest key that is not in use because it was never opened, or could not be."""
    newest = SigningKey.objects.filter(company_id=company_id).order_by("-id").first()
    return newest if newest is not None and not newest.active and not newest.subject else None


def key_to_write_again(company_id: int) -> SigningKey | None:
    """What the form begins with: the key that did not open, else the one in use. Whoever mistyped a PIN, or has to
    write a new one, writes that alone."""
    return last_proposed(company_id) or active_key(company_id)


def key_view(row: SigningKey, *, now: datetime.datetime) -> KeyView:
    days = None if row.not_after is None else (row.not_after - now).days
    place = " · ".join(
        str(row.settings[name]) for name in ("library", "token", "key", "url") if row.settings.get(name)
    )
    return KeyView(
        id=row.pk,
        kind=row.kind,
        kind_label=row.get_kind_display(),
        form=row.form,
        form_label=row.get_form_display(),
        subject=row.subject,
        issuer=row.issuer,
        serial=row.serial,
        not_after=row.not_after,
        days_left=days,
        active=row.active,
        waiting=not row.active and row.tested_at is None and not row.subject,
        blocked_why=row.blocked_why,
        tested_at=row.tested_at,
        test_note=row.test_note,
        created_at=row.created_at,
        place=place,
    )


def left_unsigned(actor: Actor) -> tuple[int, str]:
    """How many documents stand where they are signed, with nothing under way, and the first state they stand in.

    Counted are only states that no dashboard shows (*non disponibile per l'invio massivo*): nobody would see them.
    Every dashboard asks: the numbers are those that are kept, whatever stands there; only what is under way is read.
    """
    _, flow = workflow_of(actor.company_id)
    number, first = 0, ""
    kept = counts.dashboard_counts(actor)
    for state in flow.states.values():
        if not state.hidden_from_bulk:
            continue
        where = [str(each) for each in Dashboard if state.rule(each).action == Action.SIGN]
        found = sum(kept.get(each, {}).get(state.code, 0) for each in where)
        if found:
            found -= under_way(actor, where, state.code)
        if found > 0:
            number, first = number + found, first or state.code
    return number, first


def earlier_keys(company_id: int, *, now: datetime.datetime) -> Sequence[KeyView]:
    """Keys that signed once, the newest first."""
    rows = SigningKey.objects.filter(company_id=company_id, active=False).exclude(subject="").order_by("-id")
    return [key_view(row, now=now) for row in rows[:EARLIER]]
