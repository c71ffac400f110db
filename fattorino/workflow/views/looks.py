"""*Impostazioni comuni*: what the states of the installation are called and look like; and their pictures."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fattorino import clock
from fattorino.core.errors import RefusedError
from fattorino.organisations.languages import said
from fattorino.organisations.pages import desk, download
from fattorino.organisations.queries import Actor
from fattorino.organisations.tables import table_file
from fattorino.workflow import flows, overview
from fattorino.workflow.flows import images
from fattorino.workflow.forms.look import ICONS, LookForm
from fattorino.workflow.views.common import installation, page


@require_safe
@installation
def looks(request: HttpRequest) -> HttpResponse:
    found = overview.looks()
    kind = request.GET.get("file", "")
    if kind in ("csv", "xlsx"):
        rows = [(x.code, x.label, x.tab, str(x.order), x.gadget_label, x.colour, x.tooltip) for x in found]
        columns = ("Codice", "Descrizione", "Tab", "Ordine", "Descrizione nel gadget", "Colore", "Tooltip")
        return table_file(kind, "impostazioni-comuni", "Impostazioni comuni", columns, rows)
    return page(request, "looks", {"looks": found})


@require_http_methods(["GET", "HEAD", "POST"])
@installation
def new(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _save(request, None)
    return _show(request, LookForm.empty(max((x.order for x in overview.looks()), default=0) + 10), None)


@require_http_methods(["GET", "HEAD", "POST"])
@installation
def look(request: HttpRequest, look: str) -> HttpResponse:
    found = overview.look(look)
    if found is None:
        raise Http404
    if request.method == "POST":
        return _save(request, found)
    return _show(request, LookForm.of(found), found)


def _save(request: HttpRequest, old: flows.Look | None) -> HttpResponse:
    now = clock.now()
    form = LookForm.from_post(request.POST)
    file = request.FILES.get("immagine")
    if file is not None:
        try:
            form.values["image_sha256"] = images.save_image(file.read(images.LARGEST_FILE + 1), now=now)
        except RefusedError as error:
            form.errors["immagine"] = said(error.text)
    if overview.image(form.values.get("image_sha256", "")) is None:
        form.values["image_sha256"] = ""
    wanted = form.read(old)
    if not form.errors:
        try:
            flows.save_look(wanted, user_id=request.user.pk or 0, new=old is None, now=now)
        except RefusedError as error:
            form.errors |= {name: said(text) for name, text in error.fields.items()}
    if form.errors:
        return _show(request, form, old, status=422)
    images.forget_unused_images(now=now)
    messages.success(
        request,
        _("Impostazioni comuni di «%(state)s» salvate: valgono da subito per tutte le aziende.")
        % {"state": wanted.label},
    )
    return redirect("states:look", wanted.code)


def _show(request: HttpRequest, form: LookForm, old: flows.Look | None, *, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "look": old,
        "preview": form.read(old),
        "icons": ICONS,
        "tabs": sorted({x.tab for x in overview.looks()}),
    }
    return page(request, "look", context, status=status)


@require_POST
@installation
def delete(request: HttpRequest, look: str) -> HttpResponse:
    flows.delete_look(look, user_id=request.user.pk or 0, now=clock.now())
    messages.success(request, _("Stato %(code)s eliminato dall'installazione.") % {"code": look})
    return redirect("states:looks")


@require_safe
@desk
def image(request: HttpRequest, actor: Actor, sha256: str) -> HttpResponse:
    """A gadget's picture. Its name is the digest of its content, so a browser may keep it for ever."""
    content = overview.image(sha256) if len(sha256) == 64 else None
    if content is None:
        raise Http404
    response = download(content, f"{sha256[:12]}.png", "image/png", inline=True)
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response
