"""Configurations that come from elsewhere: a file, another company. What they change is shown before it is applied."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fattorino import clock
from fattorino.core.errors import FattorinoError, RefusedError
from fattorino.core.workflow.definition import State, Workflow
from fattorino.core.workflow.diff import differences
from fattorino.organisations.languages import said
from fattorino.organisations.pages import download
from fattorino.organisations.queries import Actor
from fattorino.workflow import configuration, flows, overview
from fattorino.workflow.views.common import administration, page, seen_version, told


@require_safe
@administration
def export(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The configuration that the pages show, as a YAML file."""
    proposal = configuration.proposal(actor.company_id)
    text = configuration.export_file(actor.company_id, proposal.workflow)
    day = clock.day(clock.now()).isoformat()
    kind = "bozza" if proposal.is_draft else f"versione-{proposal.base}"
    return download(text.encode(), f"stati-{kind}-{day}.yaml", "application/yaml; charset=utf-8")


@require_http_methods(["GET", "HEAD", "POST"])
@administration
def take(request: HttpRequest, actor: Actor) -> HttpResponse:
    """*Importa*: the file is read and compared; the form that applies it carries its text along."""
    if request.method != "POST":
        return page(request, "import")
    file = request.FILES.get("file")
    if file is None:
        return page(request, "import", {"error": _("Scegliere il file da importare.")}, status=422)
    content = file.read(configuration.LARGEST_FILE + 1)
    try:
        workflow = configuration.read_file(actor.company_id, content)
    except FattorinoError as error:
        return page(request, "import", {"error": said(error.text), "name": file.name}, status=422)
    context = _compared(request, actor, workflow) | {"name": file.name, "text": content.decode("utf-8")}
    return page(request, "import_diff", context)


def _compared(request: HttpRequest, actor: Actor, workflow: Workflow) -> dict[str, Any]:
    proposal = configuration.proposal(actor.company_id)
    wanted = configuration.with_looks(workflow)
    flaws = configuration.flaws(actor.company_id, wanted)
    unknown = overview.missing_looks(wanted)
    return {
        "proposal": proposal,
        "differences": differences(proposal.workflow, wanted, configuration.names(actor.company_id)),
        "errors": told([f for f in flaws if f.is_error], wanted),
        "warnings": sum(not f.is_error for f in flaws),
        "unknown": unknown,
        "may_apply": not unknown or _is_staff(request),
    }


def _is_staff(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_staff", False))


@require_POST
@administration
def apply(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The imported file becomes the draft."""
    workflow = configuration.read_file(actor.company_id, request.POST.get("testo", "").encode())
    _make_looks(request, overview.missing_looks(workflow))
    workflow = configuration.with_looks(workflow)
    flows.save_draft(actor, workflow, seen_version(request), now=clock.now())
    messages.success(request, _("Il file è ora la bozza: controllarla e pubblicarla quando è pronta."))
    return redirect("states:compare")


def _make_looks(request: HttpRequest, states: list[State]) -> None:
    if not states:
        return
    if not _is_staff(request) or request.user.pk is None:
        raise RefusedError(
            _("Nell'installazione mancano questi stati: %(states)s.")
            % {"states": ", ".join(s.label for s in states)},
            _("Chiedere a un amministratore dell'installazione di crearli, oppure di importare il file."),
        )
    for state in states:
        look = flows.Look(
            state.code,
            state.label,
            state.tab,
            state.order,
            state.gadget_label,
            state.icon,
            colour=state.colour,
            tooltip=state.tooltip,
        )
        try:
            flows.save_look(look, user_id=request.user.pk, new=True, now=clock.now())
        except RefusedError as error:
            reason = " ".join(map(said, error.fields.values()))
            raise RefusedError(
                _("Lo stato %(code)s del file non si può creare: %(reason)s")
                % {"code": state.code, "reason": reason},
                _("Correggere il file e importarlo di nuovo."),
            ) from error


@require_http_methods(["GET", "HEAD", "POST"])
@administration
def copy(request: HttpRequest, actor: Actor) -> HttpResponse:
    """*Copia da un'altra azienda*: choose one, look at what changes (`?da=`), apply."""
    others = [
        (str(m.company_id), m.company.name)
        for m in request.memberships  # type: ignore[attr-defined]  # set by CompanyMiddleware
        if m.role == "admin" and m.company_id != actor.company_id
    ]
    chosen = (request.POST if request.method == "POST" else request.GET).get("da", "")
    if not chosen:
        return page(request, "copy", {"others": others})
    if chosen not in dict(others):
        raise RefusedError(_("Si può copiare solo da un'altra azienda che si amministra."))
    number, workflow = overview.published_elsewhere(actor, int(chosen))
    if request.method == "POST":
        if request.POST.get("numero") != str(number):
            raise RefusedError(
                _("Nel frattempo quell'azienda ha pubblicato un'altra versione."), _("Confrontare di nuovo.")
            )
        flows.copy_from(actor, int(chosen), seen_version(request), now=clock.now())
        messages.success(
            request, _("La configurazione di %(company)s è ora la bozza.") % {"company": dict(others)[chosen]}
        )
        return redirect("states:compare")
    context = _compared(request, actor, workflow) | {
        "others": others,
        "chosen": chosen,
        "name": dict(others)[chosen],
        "number": number,
    }
    return page(request, "copy", context)
