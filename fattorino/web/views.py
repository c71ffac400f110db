"""The few pages that belong to no room: the way in, the change of company, the error pages."""

from __future__ import annotations

from typing import cast

from allauth.account import views as account_views
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_POST

from fattorino.organisations.middleware import SESSION_KEY


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Straight to the work; who belongs to no company is told so."""
    if getattr(request, "actor", None) is None:
        return render(request, "no_company.html")
    return redirect("dashboards:home")


@login_required
@require_POST
def company_switch(request: HttpRequest) -> HttpResponse:
    """Work for another of one's companies. Always lands on the dashboard: the page one came from may not exist
    there."""
    for membership in getattr(request, "memberships", []):
        if str(membership.company_id) == request.POST.get("company"):
            request.session[SESSION_KEY] = membership.company_id
            messages.success(request, _("Ora lavori per %(company)s.") % {"company": membership.company.name})
            return redirect("dashboards:home")
    return error_page(request, 404)


def password_reset(request: HttpRequest) -> HttpResponse:
    """The library's page; without mail a page that says who can help, and nothing is made or sent."""
    if not settings.MAIL:
        return render(request, "account/password_reset_closed.html")
    return cast(HttpResponse, account_views.password_reset(request))


ERRORS = {
    400: (
        gettext_noop("La richiesta non è valida"),
        gettext_noop(
            "Il browser ha inviato qualcosa che il server non può usare. Tornare indietro e riprovare."
        ),
    ),
    403: (
        gettext_noop("Permesso mancante"),
        gettext_noop("Questa pagina è riservata. Se serve, chiedere a chi amministra l'azienda."),
    ),
    404: (
        gettext_noop("Pagina non trovata"),
        gettext_noop(
            "L'indirizzo è sbagliato, oppure il documento appartiene a un'altra azienda:"
            " controllare in alto qual è l'azienda in uso."
        ),
    ),
    405: (
        gettext_noop("Operazione non ammessa"),
        gettext_noop(
            "Questa pagina non si può aprire in questo modo. Tornare all'elenco e usare i pulsanti."
        ),
    ),
    413: (
        gettext_noop("I dati inviati sono troppi"),
        gettext_noop(
            "I dati superano il massimo che il server accetta: 64 MB e 1.000 file per volta, 20 MB per ogni file da"
            " importare."
            " Inviarne meno per volta."
        ),
    ),
    429: (
        gettext_noop("Troppi tentativi in poco tempo"),
        gettext_noop(
            "Chi prova password e codici a caso va fermato: il server ne accetta solo pochi al minuto. Quest'ultima"
            " richiesta non ha cambiato niente. Aspettare qualche minuto, tornare indietro e riprovare."
        ),
    ),
    500: (
        gettext_noop("Qualcosa si è rotto"),
        gettext_noop(
            "L'errore è stato registrato e nessun documento è stato perso né inviato a metà."
            " Riprovare tra poco; se si ripete, avvisare l'assistenza."
        ),
    ),
}


def error_page(request: HttpRequest, status: int) -> HttpResponse:
    title, text = ERRORS[status]
    return render(
        request, f"{status}.html", {"title": _(title), "text": _(text), "status": status}, status=status
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    too_much = isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent)
    return error_page(request, 413 if too_much else 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, 403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, 404)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """What the library of sign-in answers where somebody tries too often."""
    return error_page(request, 429)


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without the request: whatever broke may break again in a context processor."""
    from django.template.loader import render_to_string

    title, text = ERRORS[500]
    return HttpResponse(
        render_to_string("500.html", {"title": _(title), "text": _(text), "status": 500}), status=500
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "403_csrf.html", status=403)
