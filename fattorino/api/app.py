"""The API as one object: its addresses are `api.urls`, its contract is /api/v1/openapi.json."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.urls import re_path
from ninja import NinjaAPI
from ninja.openapi.schema import REF_TEMPLATE, OpenAPISchema
from ninja.parser import Parser

from fattorino.api import attachments, border, documents, imports, passive, problems
from fattorino.core.texts import say


class StrictParser(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        if len(request.body) > border.JSON_LIMIT:
            raise RequestDataTooBig
        data = json.loads(request.body, parse_constant=_refuse)
        border.check_texts(data)
        return data


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


class FattorinoApi(NinjaAPI):
    """NinjaAPI whose every address passes the border and whose contract declares the refusals."""

    def _get_urls(self) -> list[Any]:
        urls: list[Any] = list(super()._get_urls())
        # Without it an unknown address would get a page for people.
        urls.append(re_path(r"^.*$", _nothing_here, name="nothing-here"))
        for url in urls:
            # The framework's own root is a page for people too.
            view = _nothing_here if url.name == "api-root" else url.callback
            url.callback = border.guarded(view)
        return urls

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        schema["components"]["schemas"]["Problem"] = problems.Problem.model_json_schema(
            ref_template=REF_TEMPLATE
        )
        answers = {
            str(status): {
                "description": problems.TITLES[status],
                "content": {problems.CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }
            for status in problems.DECLARED
        }
        for operations in schema["paths"].values():
            for operation in operations.values():
                operation["responses"] = {
                    **{str(status): answer for status, answer in operation["responses"].items()},
                    **answers,
                }
        return schema


def _nothing_here(request: HttpRequest) -> HttpResponse:
    return problems.not_found(say("A questo indirizzo dell'API non c'è nulla."))


api = FattorinoApi(
    title="Fattorino",
    version="1",
    description="""L'API di Fattorino per i gestionali. Un token vale per una sola azienda e ha un ruolo.

Ogni rifiuto è `application/problem+json`: `detail` dice perché, `hint` che cosa fare, `fields` dove.
I testi del programma sono in italiano, o in inglese se `Accept-Language` lo preferisce; le parole dell'azienda e dello
SdI restano come sono. Gli importi sono testi ("427.00"), le date ISO 8601.""",
    urls_namespace="api-v1",
    auth=border.TokenAuth(),
    parser=StrictParser(),
    # Its page would load scripts from elsewhere, which the pages' policy forbids.
    docs_url=None,
)
problems.install(api)
api.add_decorator(border.known_parameters_only)
api.add_router("", documents.router)
api.add_router("", passive.router)
api.add_router("", imports.router)
api.add_router("", attachments.router)
