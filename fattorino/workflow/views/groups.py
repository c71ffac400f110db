"""*Gruppi*: the people of the company under one name, to be told or let in together."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fattorino import clock
from fattorino.core.errors import RefusedError
from fattorino.organisations import groups as rows
from fattorino.organisations.languages import said
from fattorino.organisations.queries import ROLES, Actor
from fattorino.organisations.tables import table_file
from fattorino.workflow import configuration
from fattorino.workflow.forms.state import Form
from fattorino.workflow.views.common import administration, page


@require_safe
@administration
def groups(request: HttpRequest, actor: Actor) -> HttpResponse:
    found = [
        {
            "group": each,
            "code": each.label.removeprefix("group:"),
            "used": configuration.groups_in_use(actor.company_id, each.label),
        }
        for each in rows.groups_of(actor.company_id)
    ]
    kind = request.GET.get("file", "")
    if kind in ("csv", "xlsx"):
        table = [
            (each.name, p.name, p.email, ROLES[p.role])
            for each in rows.groups_of(actor.company_id)
            for p in each.people
        ]
        return table_file(kind, "gruppi", "Gruppi", ("Gruppo", "Persona", "E-mail", "Ruolo"), table)
    return page(request, "groups", {"groups": found})


@require_http_methods(["GET", "HEAD", "POST"])
@administration
def new(request: HttpRequest, actor: Actor) -> HttpResponse:
    return _edit(request, actor, None)


@require_http_methods(["GET", "HEAD", "POST"])
@administration
def group(request: HttpRequest, actor: Actor, group: str) -> HttpResponse:
    return _edit(request, actor, _group_or_404(actor, group))


def _group_or_404(actor: Actor, code: str) -> rows.GroupView:
    found = next((g for g in rows.groups_of(actor.company_id) if g.label == f"group:{code}"), None)
    if found is None or found.is_role:
        raise Http404
    return found


def _edit(request: HttpRequest, actor: Actor, old: rows.GroupView | None) -> HttpResponse:
    form = Form({"nome": old.name if old else ""})
    members = {p.id for p in old.people} if old else set()
    if request.method == "POST":
        form = Form.from_post(request.POST)
        members = {
            int(i) for i in request.POST.getlist("persone") if i.isascii() and i.isdecimal() and len(i) < 19
        }
        try:
            rows.save_group(
                actor,
                form.values.get("nome", ""),
                sorted(members),
                now=clock.now(),
                label=old.label if old else "",
            )
        except RefusedError as error:
            form.errors["nome"] = said(error.text)
        else:
            messages.success(request, _("Gruppo «%(group)s» salvato.") % {"group": form.values["nome"]})
            return redirect("groups:groups")
    context = {
        "form": form,
        "group": old,
        "code": old.label.removeprefix("group:") if old else "",
        "people": [(p, p.id in members, said(str(ROLES[p.role]))) for p in rows.people_of(actor.company_id)],
        "used": configuration.groups_in_use(actor.company_id, old.label) if old else (),
    }
    return page(request, "group", context, status=422 if form.errors else 200)


@require_POST
@administration
def delete(request: HttpRequest, actor: Actor, group: str) -> HttpResponse:
    """Refused as long as a state names the group: its notices would go to nobody, its documents be seen by nobody."""
    found = _group_or_404(actor, group)
    used = configuration.groups_in_use(actor.company_id, found.label)
    if used:
        raise RefusedError(
            _("Il gruppo «%(group)s» è indicato in questi stati: %(states)s.")
            % {"group": said(found.name), "states": ", ".join(used)},
            _("Toglierlo prima dalle Notifiche e dai Permessi di questi stati."),
        )
    rows.delete_group(actor, found.label, now=clock.now())
    messages.success(request, _("Gruppo «%(group)s» eliminato.") % {"group": said(found.name)})
    return redirect("groups:groups")
