"""*Canali*: the ways to SdI of the company, for its administrators."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fattorino import clock
from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.hub import queries_channels as queries
from fattorino.hub.flows import channel_settings as flows
from fattorino.hub.flows.collect import VISITED
from fattorino.hub.forms.channels import ChannelForm
from fattorino.hub.forms.entries import INTRODUCTIONS, PARTS
from fattorino.hub.queries_channels import ChannelView
from fattorino.organisations.languages import said
from fattorino.organisations.queries import Actor
from fattorino.organisations.spreadsheet import Cell
from fattorino.organisations.tables import table_file
from fattorino.workflow.alerts import Alert
from fattorino.workflow.forms.state import Form
from fattorino.workflow.views.common import administration

COLUMNS = (
    *("Canale", "Genere", "Stato", "In coda", "Incerti", "A mano", "Ultimo successo", "Ultimo errore"),
    *("Ultima lettura", "Lettura in pausa fino al", "Scadenza dei certificati", "Usato per"),
)


@require_safe
@administration
def listing(request: HttpRequest, actor: Actor) -> HttpResponse:
    rows = queries.channels_of(actor.company_id, now=clock.now())
    kind = request.GET.get("file", "")
    if kind in ("csv", "xlsx"):
        return table_file(kind, "canali", "Canali", COLUMNS, map(_cells, rows))
    return _list_page(request, actor, rows)


def _list_page(
    request: HttpRequest,
    actor: Actor,
    rows: list[ChannelView],
    form: Form | None = None,
) -> HttpResponse:
    ways = queries.ways_of(actor.company_id)
    usable = [(str(row.id), said(row.name)) for row in rows if row.active]
    if form is None:
        form = Form(_way_values(ways))
    first_of_all = next((way.first for way in ways if not way.dashboard), None)
    context = {
        "rows": rows,
        "ways": [(way, way.dashboard or "tutti") for way in ways],
        "form": form,
        "usable": usable,
        "as_all": [("", _("Come tutti i documenti")), *usable],
        "as_installation": [("", _("SDICoop dell'installazione")), *usable],
        "none": [("", _("Nessuna")), *usable],
        "unchosen": first_of_all is None,
        "by_hand": any(row.kind == "by_hand" for row in rows),
    }
    return render(request, "hub/channels/list.html", context, status=422 if form.errors else 200)


def _way_values(ways: list[queries.Way]) -> dict[str, str]:
    values = {}
    for way in ways:
        name = way.dashboard or "tutti"
        values[f"via-{name}"] = str(way.first or "")
        values[f"seconda-{name}"] = str(way.second or "")
    return values


def _cells(row: ChannelView) -> list[Cell]:
    return [
        *(row.name, row.kind_label, row.state_label, str(row.waiting), str(row.uncertain), str(row.by_hand)),
        *(_at(row.last_worked_at), " ".join(filter(None, (_at(row.last_failed_at), row.last_error)))),
        *(_at(row.collected_at), _at(row.resting_until)),
        row.certificates_until and clock.day(row.certificates_until),
        ", ".join(row.used_for),
    ]


def _at(moment: Any) -> str:
    return moment.astimezone(clock.ROME).strftime("%d/%m/%Y %H:%M") if moment else ""


@require_POST
@administration
def ways(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Which way the documents of each dashboard go."""
    form = Form.from_post(request.POST)
    wanted = {}
    for way in queries.ways_of(actor.company_id):
        name = way.dashboard or "tutti"
        wanted[way.dashboard] = (
            _number(form.values.get(f"via-{name}", "")),
            _number(form.values.get(f"seconda-{name}", "")),
        )
    try:
        flows.choose_ways(actor, wanted, now=clock.now())
    except RefusedError as error:
        if not error.fields:
            raise
        form.errors = {f"via-{name or 'tutti'}": text for name, text in error.fields.items()}
        return _list_page(request, actor, queries.channels_of(actor.company_id, now=clock.now()), form)
    messages.success(request, _("Vie salvate: valgono per i documenti che si mettono in coda da ora."))
    return redirect("channels:list")


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


@require_safe
@administration
def kinds(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Which kind of channel is to be made."""
    offered = [
        {
            "kind": kind,
            "label": flows.kind_label(kind),
            "about": INTRODUCTIONS[kind],
            "ready": queries.is_ready(kind),
        }
        for kind in queries.Kind.values
    ]
    return render(request, "hub/channels/kinds.html", {"kinds": offered})


@require_http_methods(["GET", "HEAD", "POST"])
@administration
def new(request: HttpRequest, actor: Actor, way: str) -> HttpResponse:
    kind = way.replace("-", "_")
    if kind not in queries.Kind.values or not queries.is_ready(kind):
        raise Http404
    return _edit(request, actor, kind, None)


@require_http_methods(["GET", "HEAD", "POST"])
@administration
def channel(request: HttpRequest, actor: Actor, channel_id: int) -> HttpResponse:
    """One channel: how it is doing, its test, its settings."""
    old = _found(actor, channel_id)
    if request.headers.get("HX-Request") == "true" and request.method != "POST":
        # Drawn anew only when there is something to read: whoever listens hears it once.
        return HttpResponse(status=204) if old.testing else _progress(request, old)
    return _edit(request, actor, old.kind, old)


def _progress(request: HttpRequest, old: ChannelView) -> HttpResponse:
    return render(request, "hub/channels/parts/test.html", {"channel": old})


def _edit(request: HttpRequest, actor: Actor, kind: str, old: ChannelView | None) -> HttpResponse:
    form = ChannelForm.of(kind, old)
    if request.method == "POST":
        form = ChannelForm.sent(request.POST, kind, old)
        may_move = bool(getattr(request.user, "is_staff", False))
        wanted = form.read(request.POST, request.FILES, clock.now(), may_move=may_move)
        if wanted is not None:
            try:
                row = flows.save_channel(
                    actor, kind, wanted, now=clock.now(), channel_id=old.id if old else None
                )
            except RefusedError as error:
                if not error.fields:
                    raise
                form.errors |= {name: said(text) for name, text in error.fields.items()}
            else:
                messages.success(
                    request, _("Canale «%(channel)s» salvato.") % {"channel": flows.name_of(row)}
                )
                return redirect("channels:channel", row.pk)
    context = {
        "form": form,
        "channel": old,
        "kind": kind,
        "kind_label": said(flows.kind_label(kind)),
        "about": INTRODUCTIONS[kind],
        "parts": PARTS[kind],
        "paths": _paths(old),
        "wake": _wake_address(request, old),
        "visited": bool(old and old.active and old.kind in VISITED),
        "visits": bool(old and old.kind in VISITED),
        "may_move": bool(getattr(request.user, "is_staff", False)),
    }
    return render(request, "hub/channels/channel.html", context, status=422 if form.errors else 200)


def _wake_address(request: HttpRequest, old: ChannelView | None) -> str:
    """Where another Hub knocks when it has news for this channel."""
    if old is None or old.kind != "intermediary":
        return ""
    return request.build_absolute_uri(reverse("hub:intermediary", args=[old.id]))


def _paths(old: ChannelView | None) -> list[str]:
    """Files that an administrator of the machine named on the command line: shown, never asked for on a page."""
    if old is None:
        return []
    return [
        str(old.settings[name]) for name in ("client_certificate", "trusted_ca") if old.settings.get(name)
    ]


def _found(actor: Actor, channel_id: int) -> ChannelView:
    found = queries.find_channel(actor.company_id, channel_id, now=clock.now())
    if found is None:
        raise Http404
    return found


@require_POST
@administration
def test(request: HttpRequest, actor: Actor, channel_id: int) -> HttpResponse:
    """The test button: answers at once, a worker tries."""
    _found(actor, channel_id)
    flows.ask_for_test(actor, channel_id, now=clock.now())
    if request.headers.get("HX-Request") == "true":
        return _progress(request, _found(actor, channel_id))
    messages.success(request, _("Prova avviata: i passi compaiono da soli."))
    return redirect("channels:channel", channel_id)


def certificates_that_end(actor: Actor, now: datetime.datetime) -> list[Alert]:
    """For the dashboards of administrators: two months before, one, a week, and from then on."""
    if not actor.may_configure:
        return []
    return [
        Alert(_end_in_words(row, now), reverse("channels:channel", args=[row.id]), row.certificates_level)
        for row in queries.ending_soon(actor.company_id, now=now)
        if row.certificates_level and row.certificates_until
    ]


def _end_in_words(row: ChannelView, now: datetime.datetime) -> str:
    assert row.certificates_until is not None
    end = f"{clock.day(row.certificates_until):%d/%m/%Y}"
    if row.certificates_until < now:
        return say("Un certificato del canale «{channel}» è scaduto il {day}.", channel=row.name, day=end)
    return say("Un certificato del canale «{channel}» scade il {day}.", channel=row.name, day=end)


@require_POST
@administration
def look(request: HttpRequest, actor: Actor, channel_id: int) -> HttpResponse:
    """*Sincronizza ora*."""
    _found(actor, channel_id)
    flows.look_now(actor, channel_id, now=clock.now())
    messages.success(request, _("Lettura avviata: ciò che è arrivato compare nei documenti da solo."))
    return redirect("channels:channel", channel_id)


@require_POST
@administration
def activate(request: HttpRequest, actor: Actor, channel_id: int) -> HttpResponse:
    """Switch it on or off."""
    _found(actor, channel_id)
    active = request.POST.get("attivo", "") == "1"
    flows.set_active(actor, channel_id, active, now=clock.now())
    messages.success(request, _("Canale attivato.") if active else _("Canale disattivato."))
    return redirect("channels:channel", channel_id)


@require_POST
@administration
def delete(request: HttpRequest, actor: Actor, channel_id: int) -> HttpResponse:
    """Take away one that was never used."""
    _found(actor, channel_id)
    flows.delete_channel(actor, channel_id, now=clock.now())
    messages.success(request, _("Canale eliminato."))
    return redirect("channels:list")
