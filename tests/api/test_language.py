"""The API answers in Italian, and in English where the program names it before Italian."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import RequestFactory

from fattorino.api.language import asked, told_findings
from fattorino.organisations.scope import company_scope
from tests.api.conftest import Program
from tests.desk import Desk, run_jobs
from tests.language_scan import SMALL_WORDS

ENGLISH = {"Accept-Language": "en-GB,en;q=0.9,it;q=0.5"}
QUOTED = re.compile(r"«[^»]*»|“[^”]*”|\([^)]*\)|`[^`]*`")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "it"),
        ("*", "it"),
        ("en", "en"),
        ("EN-us", "en"),
        ("en-GB, it;q=0.9", "en"),
        ("it, en;q=0.9", "it"),
        ("it;q=0.3, en; q=0.8", "en"),
        ("fr, en;q=0.5", "en"),
        ("fr, de", "it"),
        ("en;q=0", "it"),
        ("en;q=2", "it"),
        ("it, en", "it"),
        ("eng, english", "it"),
        ("en" * 5000, "it"),
        ("x," * 5000 + "en", "it"),
    ],
)
def test_the_language_is_the_best_of_ours_that_the_program_names(header: str, language: str) -> None:
    assert asked(RequestFactory().get("/", headers={"Accept-Language": header})) == language


def test_a_refusal_is_said_in_the_program_s_language(gestionale: Program) -> None:
    italian = gestionale.call("get", "documents/1")
    assert gestionale.last["Content-Language"] == "it"
    assert italian["title"] == "Non trovato"
    english = gestionale.call("get", "documents/1", **ENGLISH)
    assert gestionale.last["Content-Language"] == "en"
    assert "Accept-Language" in gestionale.last["Vary"]
    assert english["title"] == "Not found"
    assert english["hint"] == "Check the identifier, and that the token is of the right company."
    _nothing_italian(english)


def test_a_request_of_another_form_is_told_field_by_field_in_the_program_s_language(
    gestionale: Program, body: dict[str, Any]
) -> None:
    wrong = body | {"surprise": 1, "sezionale": "A" * 300, "kind": "x"}
    assert gestionale.call("post", "documents", wrong)["fields"]["surprise"] == "Campo sconosciuto."
    english = gestionale.call("post", "documents", wrong, **ENGLISH)
    assert english["detail"] == "The request does not have the expected form."
    assert english["fields"] == {
        "surprise": "Unknown field.",
        "sezionale": "Text too long.",
        "kind": "This is not an admitted value.",
    }


def test_words_of_our_own_checks_inside_the_framework_s_are_said_too(gestionale: Program) -> None:
    assert gestionale.call("get", "documents?number=%00")["fields"] == {
        "number": "Il testo contiene un carattere NUL."
    }
    english = gestionale.call("get", "documents?number=%00", **ENGLISH)
    assert english["fields"] == {"number": "The text contains a NUL character."}


def test_what_is_wrong_with_a_draft_is_said_in_the_program_s_language(
    gestionale: Program, body: dict[str, Any]
) -> None:
    body["draft"]["codice_destinatario"] = "ABC12"
    italian = gestionale.call("post", "documents", body)["fields"]["draft.codice_destinatario"]
    assert italian.startswith("Il codice destinatario «ABC12» non va bene.")
    english = gestionale.call("post", "documents", body, **ENGLISH)["fields"]["draft.codice_destinatario"]
    assert english.startswith("The recipient code “ABC12” will not do.")
    assert not SMALL_WORDS.search(english)


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("get", "nowhere", {}),
        ("delete", "states", {}),
        ("get", "states", {"Authorization": "Bearer nobody"}),
        ("get", "states?unknown=1", {}),
        ("post", "attachments", {}),
        ("get", "documents?cursor=x", {}),
    ],
)
def test_every_kind_of_refusal_has_its_english(
    gestionale: Program, method: str, path: str, headers: dict[str, str]
) -> None:
    _nothing_italian(gestionale.call(method, path, **ENGLISH, **headers))
    assert gestionale.status >= 400


def test_what_was_recorded_is_recognised_and_said_in_the_program_s_language(
    gestionale: Program, body: dict[str, Any], desk: Desk
) -> None:
    body["draft"]["cessionario"]["id_codice"] = "12345678901"
    address = f"documents/{gestionale.call('post', 'documents', body)['id']}"
    assert (
        gestionale.call("get", address, **ENGLISH)["possibilities"]["action_label"] == "Generate XML and send"
    )
    gestionale.call("post", f"{address}/send")
    with company_scope(desk.company.pk):
        run_jobs(skip=frozenset({"hub.turn"}))
    italian = gestionale.call("get", address)["history"]
    english = gestionale.call("get", address, **ENGLISH)["history"]
    said = [(one["message"], other["message"]) for one, other in zip(italian, english, strict=True)]
    assert ("Documento inserito.", "Document entered.") in said
    assert ("Firma non richiesta per questo destinatario.", "No signature needed for this recipient.") in said
    recorded = "La partita IVA 12345678901 ha la cifra di controllo sbagliata."
    assert recorded in [finding["message"] for event in italian for finding in event["detail"]]
    found = [finding["message"] for event in english for finding in event["detail"]]
    assert "The VAT number 12345678901 has a wrong check digit." in found
    assert not [text for text in found if SMALL_WORDS.search(QUOTED.sub("", text))]


def test_findings_out_of_a_row_are_said_where_they_are_ours() -> None:
    from django.utils import translation

    rows = [{"code": "00200", "message": "Il file è vuoto.", "hint": "Lo dice chi ha scritto il file."}]
    with translation.override("en"):
        said = told_findings(rows)
    assert said == [
        {"code": "00200", "message": "The file is empty.", "hint": "Lo dice chi ha scritto il file."}
    ]
    with translation.override("it"):
        assert told_findings(rows) == rows


def _nothing_italian(problem: dict[str, Any]) -> None:
    words = [problem["title"], problem["detail"], problem["hint"], *problem["fields"].values()]
    assert not [text for text in words if SMALL_WORDS.search(QUOTED.sub("", text))]
