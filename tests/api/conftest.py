"""A program with a token: how the tests of the API call it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client

from fattorino import clock
from fattorino.core.fatturapa.draft import draft_to_json
from fattorino.organisations import tokens
from tests.desk import Desk

ROOT = "/api/v1"


@dataclass
class Program:
    """Calls the API of a company; `last` is the latest answer."""

    token: str
    http: Client = field(default_factory=lambda: _client())
    last: Any = None

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer's JSON (its bytes where it is none)."""
        options: dict[str, Any] = {"headers": {"Authorization": f"Bearer {self.token}", **headers}}
        if isinstance(body, bytes):
            options |= {"data": body, "content_type": "application/octet-stream"}
        elif method != "get":
            options |= {"data": b"" if body is None else body, "content_type": "application/json"}
        address = path if path.startswith("/") else f"{ROOT}/{path}"
        self.last = getattr(self.http, method.lower())(address, **options)
        kind = self.last.headers.get("Content-Type", "")
        return self.last.json() if "json" in kind else self.last.content

    @property
    def status(self) -> int:
        return int(self.last.status_code)


_HANDLERS: list[Any] = []


def _client() -> Client:
    """A client of its own; the handler is shared, because making one reads all middleware and static files."""
    client = Client(raise_request_exception=False)
    if not _HANDLERS:
        _HANDLERS.append(client.handler)
    client.handler = _HANDLERS[0]
    return client


def program(desk: Desk, role: str = "operator", **options: Any) -> Program:
    _, token = tokens.create_token(desk.company.pk, "Contabilità", role, now=clock.now(), **options)
    return Program(token)


@pytest.fixture
def gestionale(desk: Desk) -> Program:
    return program(desk)


@pytest.fixture
def body(desk: Desk) -> dict[str, Any]:
    """A new document as JSON, dated today."""
    draft = desk.draft(data=clock.day(clock.now()))
    return {"kind": "fattura", "draft": draft_to_json(draft)}
