from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from django.test import Client

from fattorino.api.draft_schema import schema_of
from fattorino.api.problems import DECLARED
from fattorino.core.fatturapa.draft import Draft


@pytest.fixture
def contract(db: None) -> dict[str, Any]:
    answer = Client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def test_every_operation_declares_its_refusals_as_problems(contract: dict[str, Any]) -> None:
    operations = [op for ops in contract["paths"].values() for op in ops.values()]
    assert len(operations) == 20
    for operation in operations:
        for status in DECLARED:
            answer = operation["responses"][str(status)]
            assert list(answer["content"]) == ["application/problem+json"]
    assert set(contract["components"]["schemas"]["Problem"]["properties"]) >= {
        "title",
        "detail",
        "hint",
        "fields",
    }


def test_every_operation_asks_for_the_token(contract: dict[str, Any]) -> None:
    for operations in contract["paths"].values():
        for operation in operations.values():
            assert operation["security"] == [{"TokenAuth": []}]
    assert contract["components"]["securitySchemes"]["TokenAuth"] == {"type": "http", "scheme": "bearer"}


def test_the_contract_names_every_field_of_a_draft_and_no_other(contract: dict[str, Any]) -> None:
    shape = contract["components"]["schemas"]["NewDocument"]["properties"]["draft"]
    assert set(shape["properties"]) == {field.name for field in dataclasses.fields(Draft)}
    assert shape["additionalProperties"] is False
    assert shape["properties"]["linee"] == schema_of(Draft)["properties"]["linee"]


def test_there_is_no_page_that_loads_scripts_from_elsewhere(db: None) -> None:
    assert Client().get("/api/v1/docs").status_code == 404
