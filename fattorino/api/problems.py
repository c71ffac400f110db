"""Refusals as application/problem+json (RFC 9457); the one place where errors become HTTP answers.

What they say is said here in the language of the answer (api/language.py), for every one of them.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, AuthorizationError, HttpError, Throttled, ValidationError

from fattorino.api.language import told
from fattorino.core.errors import ChannelError, ConflictError, FattorinoError, SetupError, SigningError
from fattorino.core.fatturapa.draft import Draft
from fattorino.core.texts import say
from fattorino.organisations.languages import said

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
TITLES = {
    401: say("Accesso non riconosciuto"),
    403: say("Operazione non permessa"),
    404: say("Non trovato"),
    405: say("Metodo non ammesso"),
    409: say("Conflitto"),
    413: say("Richiesta troppo grande"),
    422: say("Richiesta da correggere"),
    429: say("Troppe richieste"),
    500: say("Errore interno"),
    503: say("Servizio non disponibile"),
}
# The answers every operation may give beside its own; 405, 500 and 503 need no declaration.
DECLARED = (401, 403, 404, 409, 413, 422, 429)

# pydantic's kinds of error, in words; what is not here is simply not valid.
_WORDS = {
    "missing": say("Campo obbligatorio."),
    "extra_forbidden": say("Campo sconosciuto."),
    "string_type": say("Qui serve un testo."),
    "string_too_long": say("Testo troppo lungo."),
    "string_too_short": say("Testo troppo corto."),
    "int_type": say("Qui serve un numero intero."),
    "int_parsing": say("Qui serve un numero intero."),
    "int_from_float": say("Qui serve un numero intero."),
    "greater_than_equal": say("Numero troppo piccolo."),
    "less_than_equal": say("Numero troppo grande."),
    "date_from_datetime_parsing": say("Non è una data: scriverla come 2026-01-31."),
    "date_parsing": say("Non è una data: scriverla come 2026-01-31."),
    "dict_type": say("Qui serve un oggetto JSON."),
    "model_attributes_type": say("Qui serve un oggetto JSON."),
    "model_type": say("Qui serve un oggetto JSON."),
    "literal_error": say("Non è un valore ammesso."),
}
_DRAFT_FIELDS = frozenset(Draft.__dataclass_fields__)


class Problem(Schema):
    """Perché la richiesta non è stata eseguita, e che cosa si può fare."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    hint: str = ""
    fields: dict[str, str] = {}


def problem(status: int, detail: str, hint: str = "", fields: dict[str, str] | None = None) -> HttpResponse:
    content = Problem(
        title=said(TITLES[status]),
        status=status,
        detail=said(detail),
        hint=said(hint),
        fields={name: said(text) for name, text in (fields or {}).items()},
    )
    return HttpResponse(
        json.dumps(content.model_dump(), ensure_ascii=False), status=status, content_type=CONTENT_TYPE
    )


def of_error(error: FattorinoError) -> HttpResponse:
    """Conflict is 409, a service that is not there 503; all else is for the caller to correct."""
    status = 422
    if isinstance(error, ConflictError):
        status = 409
    elif isinstance(error, ChannelError | SetupError | SigningError):
        status = 503
    fields: dict[str, str] = getattr(error, "fields", None) or {}
    return problem(status, error.message, error.hint, {_place(name): text for name, text in fields.items()})


def _place(name: str) -> str:
    """A field of the draft as the caller wrote it: inside `draft`."""
    return f"draft.{name}" if name.split(".")[0] in _DRAFT_FIELDS else name


def install(api: NinjaAPI) -> None:
    """Every exception of an operation is answered here."""
    handlers: dict[type[Exception], Any] = {
        FattorinoError: lambda request, exc: of_error(exc),
        ValidationError: _invalid,
        AuthenticationError: _unknown,
        AuthorizationError: _forbidden,
        Throttled: _throttled,
        HttpError: _unreadable,
        # Not str(), which would forget the origin of the sentence.
        Http404: lambda request, exc: not_found(*exc.args[:1]),
        RequestDataTooBig: lambda request, exc: too_large(),
        UnreadablePostError: lambda request, exc: problem(422, say("La richiesta si è interrotta a metà.")),
        DataError: _unfit,
        Exception: _broken,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def not_found(detail: str = "") -> HttpResponse:
    return problem(
        404,
        detail or say("Qui non c'è nulla."),
        say("Controllare l'identificativo, e che il token sia dell'azienda giusta."),
    )


def too_large() -> HttpResponse:
    return problem(
        413, say("La richiesta supera il massimo ammesso."), say("Dividere il contenuto in più richieste.")
    )


def not_allowed(allowed: str) -> HttpResponse:
    response = problem(405, say("A questo indirizzo si può chiedere solo: {allowed}.", allowed=allowed))
    response["Allow"] = allowed
    return response


def _unknown(request: HttpRequest, exc: AuthenticationError) -> HttpResponse:
    response = problem(
        401,
        say("Il token manca, non è valido, è scaduto o è stato revocato."),
        say("Inviarlo nell'intestazione «Authorization: Bearer …»; un amministratore può crearne uno nuovo."),
    )
    response["WWW-Authenticate"] = 'Bearer realm="Fattorino"'
    return response


def _forbidden(request: HttpRequest, exc: AuthorizationError) -> HttpResponse:
    return problem(
        403,
        say("Il token è di sola consultazione: non può scrivere."),
        say("Usare un token con il ruolo di operatore."),
    )


def _throttled(request: HttpRequest, exc: Throttled) -> HttpResponse:
    response = problem(
        429,
        say("Troppe richieste in poco tempo."),
        say("Riprovare fra {seconds} secondi: vedi Retry-After.", seconds=exc.wait or 60),
    )
    response["Retry-After"] = str(exc.wait or 60)
    return response


def _unreadable(request: HttpRequest, exc: HttpError) -> HttpResponse:
    """The framework says only that the body could not be read; our reader, underneath, says why."""
    if isinstance(exc.__cause__, FattorinoError):
        return of_error(exc.__cause__)
    if isinstance(exc.__cause__, RequestDataTooBig):
        return too_large()
    return problem(422, say("Il corpo della richiesta non è JSON leggibile (UTF-8)."))


def _invalid(request: HttpRequest, exc: ValidationError) -> HttpResponse:
    fields: dict[str, str] = {}
    for error in exc.errors:
        # ("body", "payload", "draft", ...) or ("query", "filters", "date_from"): source and argument are ours.
        where = [str(part) for part in error["loc"][1:]]
        name = ".".join(where[1:] if len(where) > 1 else where)
        fields.setdefault(name, _words(error))
    return problem(422, say("La richiesta non ha la forma prevista."), say("Vedi openapi.json."), fields)


def _words(error: dict[str, Any]) -> str:
    ours = error.get("ctx", {}).get("error")
    if error["type"] == "value_error" and ours:
        return told(str(ours))  # the framework has made a plain text of it
    return _WORDS.get(error["type"]) or say("Valore non valido.")


def _unfit(request: HttpRequest, exc: DataError) -> HttpResponse:
    # The last net: a value that passed every check and that the database cannot hold. Worth a check of its own.
    log.warning("a value that does not fit reached the database: %s", exc)
    return problem(422, say("Un valore è troppo lungo o fuori misura."), say("Controllare testi e importi."))


def _broken(request: HttpRequest, exc: Exception) -> HttpResponse:
    log.error("error in %s %s", request.method, request.path, exc_info=exc)
    return problem(
        500,
        say("Qualcosa si è rotto; nulla di questa richiesta è stato registrato."),
        say("L'errore è annotato nel registro del servizio. Riprovare; se si ripete, avvisare l'assistenza."),
    )
