"""What administrators do with the ways to SdI: make, change, switch off, try, choose.

Everything is written down in the audit; of secrets only which of them changed.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import ProtectedError

from fattorino.core.errors import ConflictError, FattorinoError, RefusedError, SetupError
from fattorino.core.texts import say
from fattorino.core.workflow.settings import DASHBOARD_LABELS
from fattorino.hub.channel_certificates import certificates_of, until
from fattorino.hub.channels.base import Step
from fattorino.hub.flows import channel_checks, channels, collect, nodes, turns
from fattorino.hub.flows.channel_checks import Wanted
from fattorino.hub.models import Channel, ChannelUse
from fattorino.hub.signing import secrets as vault
from fattorino.hub.signing.certificates import joined
from fattorino.organisations.flows import audit, lock_company
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow import queue

Kind = Channel.Kind
# The dashboard of which only answers (EC) go to SdI.
ANSWERS = "PS"
# A test that has not ended after so long has died with its worker.
TEST_LASTS = datetime.timedelta(minutes=10)


def save_channel(
    actor: Actor, kind: str, wanted: Wanted, *, now: datetime.datetime, channel_id: int | None = None
) -> Channel:
    """Make a channel, or change one.

    Raises:
        RefusedError: with `fields`, called as the form calls them.
    """
    _may_configure(actor)
    unreached = channel_checks.out_of_reach(wanted)  # may ask a name server: nothing is locked yet
    with transaction.atomic():
        row = _locked(actor, channel_id) if channel_id else _new(actor, kind, now)
        values = {k: v for k, v in {**row.settings, **wanted.settings}.items() if v not in ("", None, False)}
        hidden = _secrets(row, wanted, now)
        if row.kind == Kind.SDIFTP and not values.get("root"):
            values["root"] = nodes.folder_for(actor.company_id, str(values.get("node", "")))
        channel_checks.check_wanted(row, wanted, values, hidden, unreached)
        changed = sorted(_changes(row, wanted, values))
        new_secrets = sorted({*wanted.secrets, *wanted.added})
        row.label, row.pace, row.concurrency = wanted.label, wanted.pace, wanted.concurrency
        row.settings = values
        row.secrets = vault.encrypt(json.dumps(hidden).encode(), settings.SECRETS_KEYS) if hidden else None
        row.certificates_until = until(certificates_of(row.kind, values, hidden, now=now))
        # What was found out about the old settings says nothing about the new ones.
        row.tested_at, row.test_result = None, []
        row.failures, row.closed_until, row.visits_from = 0, None, None
        row.save()
        audit(
            say("canale impostato"),
            now=now,
            actor_id=actor.user_id,
            company_id=actor.company_id,
            canale=name_of(row),
            impostazioni=", ".join(changed),
            segreti=", ".join(new_secrets),
        )
    return row


def _secrets(row: Channel, wanted: Wanted, now: datetime.datetime) -> dict[str, str]:
    """All secrets as they will be. What cannot be opened any more (another key of the installation) is given up only
    where something new takes its place."""
    try:
        before = channels.secrets_of(row)
    except SetupError:
        if not wanted.secrets and not wanted.added:
            raise
        before = {}
    added = {k: joined(v, before.get(k, ""), now=now) for k, v in wanted.added.items()}
    return {k: v for k, v in {**before, **wanted.secrets, **added}.items() if v}


def name_of(row: Channel) -> str:
    """How people call a channel."""
    return row.label or kind_label(row.kind)


def kind_label(kind: str) -> str:
    """As the model says it, so that a page can say it in its reader's language."""
    label = Kind(kind).label
    return label if isinstance(label, str) else str(label)


def set_active(actor: Actor, channel_id: int, active: bool, *, now: datetime.datetime) -> None:
    """Switch a channel on or off; a way that documents take cannot be switched off.

    Raises:
        RefusedError: documents still go this way.
    """
    _may_configure(actor)
    with transaction.atomic():
        row = _locked(actor, channel_id)
        if not active and ChannelUse.objects.filter(company_id=actor.company_id, channel=row).exists():
            raise RefusedError(
                say("Il canale «{channel}» è la via scelta per dei documenti.", channel=name_of(row)),
                say("Scegliere prima un'altra via nella pagina «Canali», riquadro «Quale via prendono»."),
            )
        if row.active == active:
            return
        if not active:
            ChannelUse.objects.filter(company_id=actor.company_id, fallback=row).update(fallback=None)
        row.active = active
        row.failures, row.closed_until, row.visits_from = 0, None, None
        row.save(update_fields=["active", "failures", "closed_until"])
        if active:
            turns.wake(row)  # what waited while it was off
        audit(
            say("canale attivato") if active else say("canale disattivato"),
            now=now,
            actor_id=actor.user_id,
            company_id=actor.company_id,
            canale=name_of(row),
        )


def delete_channel(actor: Actor, channel_id: int, *, now: datetime.datetime) -> None:
    """Take away a channel that nothing ever went on; one that was used is switched off instead.

    Raises:
        RefusedError: something refers to it.
    """
    _may_configure(actor)
    with transaction.atomic():
        row = _locked(actor, channel_id)
        name = name_of(row)
        try:
            with transaction.atomic():
                row.delete()
        except ProtectedError as error:
            raise RefusedError(
                say("Il canale «{channel}» è stato usato: quello che vi è passato resta suo.", channel=name),
                say("Disattivarlo invece di eliminarlo."),
            ) from error
        audit(
            say("canale eliminato"),
            now=now,
            actor_id=actor.user_id,
            company_id=actor.company_id,
            canale=name,
        )


def choose_ways(
    actor: Actor, ways: Mapping[str, tuple[int | None, int | None]], *, now: datetime.datetime
) -> None:
    """Which way the documents of each dashboard go, and which one where nothing was sent ("" stands for all others).

    Args:
        ways: dashboard -> (channel, second way); without a channel the dashboard goes as all others do.

    Raises:
        RefusedError: with `fields` by dashboard.
    """
    _may_configure(actor)
    # An answer to SdI goes one way only: what may have gone is not offered on another.
    ways = {d: (first, None if d == ANSWERS else second) for d, (first, second) in ways.items()}
    with transaction.atomic():
        lock_company(actor.company_id)
        rows = {row.pk: row for row in Channel.objects.filter(company_id=actor.company_id)}
        fields = {d: told for d, pair in ways.items() if (told := _wrong_way(d, *pair, rows))}
        if fields:
            raise RefusedError(say("Le vie non sono state cambiate."), fields=fields)
        for dashboard, (first, second) in ways.items():
            of_dashboard = ChannelUse.objects.filter(company_id=actor.company_id, dashboard=dashboard)
            if first is None:
                of_dashboard.delete()
                continue
            ChannelUse.objects.update_or_create(
                company_id=actor.company_id,
                dashboard=dashboard,
                defaults={"channel_id": first, "fallback_id": second},
            )
        audit(
            say("vie dei documenti scelte"),
            now=now,
            actor_id=actor.user_id,
            company_id=actor.company_id,
            vie="; ".join(_way_in_words(d, first, second, rows) for d, (first, second) in ways.items()),
        )


def _way_in_words(dashboard: str, first: int | None, second: int | None, rows: dict[int, Channel]) -> str:
    label = next(
        (text for code, text in DASHBOARD_LABELS.items() if str(code) == dashboard), "tutte le altre"
    )
    way = name_of(rows[first]) if first else "come le altre"
    return f"{label}: {way}" + (f", poi {name_of(rows[second])}" if second else "")


def _wrong_way(dashboard: str, first: int | None, second: int | None, rows: dict[int, Channel]) -> str:
    for each in filter(None, (first, second)):
        if each not in rows:
            return say("Questo canale non c'è più: ricaricare la pagina.")
        if not rows[each].active:
            return say("Il canale «{channel}» non è attivo.", channel=name_of(rows[each]))
    if second and not first:
        return say("La seconda via ha senso solo con una prima.")
    if second == first and first:
        return say("La seconda via deve essere un altro canale.")
    return ""


def ask_for_test(actor: Actor, channel_id: int, *, now: datetime.datetime) -> None:
    """Have a worker try everything about the channel that can be tried without sending an invoice.

    Raises:
        ConflictError: a test is under way.
    """
    from fattorino.hub.tasks_channels import examine_channel  # the task calls these flows

    _may_configure(actor)
    with transaction.atomic():
        row = _locked(actor, channel_id)
        if row.test_started_at and now - row.test_started_at < TEST_LASTS:
            raise ConflictError(
                say("La prova di questo canale è già in corso."), say("Attendere che finisca.")
            )
        row.test_started_at = now
        row.save(update_fields=["test_started_at"])
        queue.defer(
            examine_channel,
            lock=f"channel-test:{row.pk}",
            company_id=actor.company_id,
            channel_id=row.pk,
        )
        audit(
            say("canale provato"),
            now=now,
            actor_id=actor.user_id,
            company_id=actor.company_id,
            canale=name_of(row),
        )


def look_now(actor: Actor, channel_id: int, *, now: datetime.datetime) -> None:
    """Have the channel visited at once: receipts and received invoices that wait there come in.

    Raises:
        RefusedError: nothing is fetched this way, or it is switched off.
    """
    _may_configure(actor)
    with transaction.atomic():
        row = _locked(actor, channel_id)
        if row.kind not in collect.VISITED or not row.active:
            raise RefusedError(
                say("Da questo canale non c'è nulla da prelevare."),
                say("Con SDICoop è SdI a chiamare; un canale disattivato non si legge."),
            )
        collect.now(actor.company_id, channel_id)
        audit(
            say("canale letto"),
            now=now,
            actor_id=actor.user_id,
            company_id=actor.company_id,
            canale=name_of(row),
        )


def begin_test(company_id: int, channel_id: int) -> Channel | None:
    """The channel whose test was asked for; None where it is gone or the test is over."""
    return Channel.objects.filter(pk=channel_id, company_id=company_id, test_started_at__isnull=False).first()


def steps_of(row: Channel, *, now: datetime.datetime) -> list[Step]:
    """Try it; talks to the world, so no transaction may be open. Never raises for what the channel answers."""
    try:
        return list(channels.port(row).examine(now=now))
    except FattorinoError as error:
        return [Step(say("Impostazioni del canale"), False, error.text)]


def end_test(company_id: int, channel_id: int, steps: list[Step], *, now: datetime.datetime) -> None:
    """Keep what the test found."""
    with transaction.atomic():
        row = Channel.objects.select_for_update().get(pk=channel_id, company_id=company_id)
        row.tested_at, row.test_started_at = now, None
        row.test_result = [{"step": str(s.name), "ok": s.ok, "text": str(s.text)} for s in steps]
        if all(each.ok for each in steps):
            row.visits_from = None  # what was refused is right again
        row.save(update_fields=["tested_at", "test_started_at", "test_result", "visits_from"])


def look_at_certificates(company_id: int, *, now: datetime.datetime) -> None:
    """Bring up to date when the certificates end: those of a path change without our knowing."""
    with company_scope(company_id):
        for row in Channel.objects.filter(company_id=company_id, active=True):
            try:
                found = until(certificates_of(row.kind, row.settings, channels.secrets_of(row), now=now))
            except FattorinoError:
                continue  # secrets of another key: the page says so, the date stays as it was
            Channel.objects.filter(pk=row.pk).update(certificates_until=found)


def _may_configure(actor: Actor) -> None:
    if not actor.may_configure:
        raise RefusedError(
            say("I canali li imposta chi amministra l'azienda."),
            say("Chiedere a un amministratore dell'azienda."),
        )


def _locked(actor: Actor, channel_id: int) -> Channel:
    row = Channel.objects.select_for_update().filter(pk=channel_id, company_id=actor.company_id).first()
    if row is None:
        raise RefusedError(say("Questo canale non c'è più: ricaricare la pagina."))
    return row


def _new(actor: Actor, kind: str, now: datetime.datetime) -> Channel:
    if kind not in Kind.values:
        raise RefusedError(say("Questo genere di canale non esiste."))
    return Channel(company_id=actor.company_id, kind=kind, created_at=now)


def _changes(row: Channel, wanted: Wanted, values: Mapping[str, Any]) -> set[str]:
    """Names of what will be different."""
    names = {k for k in {*values, *row.settings} if values.get(k) != row.settings.get(k)}
    for name in ("label", "pace", "concurrency"):
        if getattr(row, name) != getattr(wanted, name):
            names.add(name)
    return names
