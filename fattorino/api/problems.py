"""Refusals as application/problem+json (RFC 9457), in Italian; the one place where errors become HTTP answers."""

from __future__ import annotations

import json
import logging
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, AuthorizationError, HttpError, Throttled, ValidationError

from fattorino.core.errors import ChannelError, ConflictError, FattorinoError, SetupError, SigningError
from fattorino.core.fatturapa.draft import Draft

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
TITLES = {
    401: "Accesso non riconosciuto",
    403: "Operazione non permessa",
    404: "Non trovato",
    405: "Metodo non ammesso",
    409: "Conflitto",
    413: "Richiesta troppo grande",
    422: "Richiesta da correggere",
    429: "Troppe richieste",
    500: "Errore interno",
    503: "Servizio non disponibile",
}
# The answers every operation may give beside its own; 405, 500 and 503 need no declaration.
DECLARED = (401, 403, 404, 409, 413, 422, 429)

# pydantic's kinds of error, in words; what is not here is simply not valid.
_WORDS = {
    "missing": "Campo obbligatorio.",
    "extra_forbidden": "Campo sconosciuto.",
    "string_type": "Qui serve un testo.",
    "string_too_long": "Testo troppo lungo.",
    "string_too_short": "Testo troppo corto.",
    "int_type": "Qui serve un numero intero.",
    "int_parsing": "Qui serve un numero intero.",
    "int_from_float": "Qui serve un numero intero.",
    "greater_than_equal": "Numero troppo piccolo.",
    "less_than_equal": "Numero troppo grande.",
    "date_from_datetime_parsing": "Non è una data: scriverla come 2026-01-31.",
    "date_parsing": "Non è una data: scriverla come 2026-01-31.",
    "dict_type": "Qui serve un oggetto JSON.",
    "model_attributes_type": "Qui serve un oggetto JSON.",
    "model_type": "Qui serve un oggetto JSON.",
    "literal_error": "Non è un valore ammesso.",
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
    content = Problem(title=TITLES[status], status=status, detail=detail, hint=hint, fields=fields or {})
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
        Http404: lambda request, exc: not_found(str(exc)),
        RequestDataTooBig: lambda request, exc: too_large(),
        UnreadablePostError: lambda request, exc: problem(422, "La richiesta si è interrotta a metà."),
        DataError: _unfit,
        Exception: _broken,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def not_found(detail: str = "") -> HttpResponse:
    return problem(
        404,
        detail or "Qui non c'è nulla.",
        "Controllare l'identificativo, e che il token sia dell'azienda giusta.",
    )


def too_large() -> HttpResponse:
    return problem(413, "La richiesta supera il massimo ammesso.", "Dividere il contenuto in più richieste.")


def not_allowed(allowed: str) -> HttpResponse:
    response = problem(405, f"A questo indirizzo si può chiedere solo: {allowed}.")
    response["Allow"] = allowed
    return response


def _unknown(request: HttpRequest, exc: AuthenticationError) -> HttpResponse:
    response = problem(
        401,
        "Il token manca, non è valido, è scaduto o è stato revocato.",
        "Inviarlo nell'intestazione «Authorization: Bearer …»; un amministratore può crearne uno nuovo.",
    )
    response["WWW-Authenticate"] = 'Bearer realm="Fattorino"'
    return response


def _forbidden(request: HttpRequest, exc: AuthorizationError) -> HttpResponse:
    return problem(
        403,
        "Il token è di sola consultazione: non può scrivere.",
        "Usare un token con il ruolo di operatore.",
    )


def _throttled(request: HttpRequest, exc: Throttled) -> HttpResponse:
    response = problem(
        429, "Troppe richieste in poco tempo.", f"Riprovare fra {exc.wait or 60} secondi: vedi Retry-After."
    )
    response["Retry-After"] = str(exc.wait or 60)
    return response


def _unreadable(request: HttpRequest, exc: HttpError) -> HttpResponse:
    """The framework says only that the body could not be read; our reader, underneath, says why."""
    if isinstance(exc.__cause__, FattorinoError):
        return of_error(exc.__cause__)
    if isinstance(exc.__cause__, RequestDataTooBig):
        return too_large()
    return problem(422, "Il corpo della richiesta non è JSON leggibile (UTF-8).")


def _invalid(request: HttpRequest, exc: ValidationError) -> HttpResponse:
    fields: dict[str, str] = {}
    for error in exc.errors:
        # ("body", "payload", "draft", ...) or ("query", "filters", "date_from"): source and argument are ours.
        where = [str(part) for part in error["loc"][1:]]
        name = ".".join(where[1:] if len(where) > 1 else where)
        fields.setdefault(name, _words(error))
    return problem(422, "La richiesta non ha la forma prevista.", "Vedi openapi.json.", fields)


def _words(error: dict[str, Any]) -> str:
    said = error.get("ctx", {}).get("error")
    if error["type"] == "value_error" and said:
        return str(said)
    return _WORDS.get(error["type"], "Valore non valido.")


def _unfit(request: HttpRequest, exc: DataError) -> HttpResponse:
    # The last net: a value that passed every check and that the database cannot hold. Worth a check of its own.
    log.warning("a value that does not fit reached the database: %s", exc)
    return problem(422, "Un valore è troppo lungo o fuori misura.", "Controllare testi e importi.")


def _broken(request: HttpRequest, exc: Exception) -> HttpResponse:
    log.error("error in %s %s", request.method, request.path, exc_info=exc)
    return problem(
        500,
        "Qualcosa si è rotto; nulla di questa richiesta è stato registrato.",
        "L'errore è annotato nel registro del servizio. Riprovare; se si ripete, avvisare l'assistenza.",
    )
