from __future__ import annotations

import hashlib
from typing import Any

import pytest

from fattorino.core.fatturapa import read_fattura
from fattorino.documents.models import DocumentFile, StoredFile
from fattorino.organisations.scope import company_scope
from tests.api.conftest import Program, program
from tests.desk import Desk, run_jobs


def test_a_deposited_file_travels_inside_the_invoice(
    gestionale: Program, desk: Desk, body: dict[str, Any]
) -> None:
    content = b"%PDF-1.7 relazione"
    kept = gestionale.call("post", "attachments", content)
    assert (gestionale.status, kept) == (
        201,
        {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)},
    )
    body["draft"]["allegati"] = [{"nome": "relazione.pdf", "formato": "PDF", "sha256": kept["sha256"]}]
    made = gestionale.call("post", "documents", body)
    gestionale.call("post", f"documents/{made['id']}/send")
    with company_scope(desk.company.pk):
        run_jobs(skip=frozenset({"hub.turn"}))
        xml = bytes(DocumentFile.objects.get(document_id=made["id"], kind="xml").stored.content)
    inside = read_fattura(xml).fattura.fattura_elettronica_body[0].allegati[0]  # type: ignore[union-attr]
    assert (inside.nome_attachment, inside.attachment) == ("relazione.pdf", content)


def test_the_same_file_is_kept_once(gestionale: Program, desk: Desk) -> None:
    first, second = (gestionale.call("post", "attachments", b"uguale") for _ in range(2))
    assert first == second
    with company_scope(desk.company.pk):
        assert StoredFile.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "status"), [(b"", 422), (b"x" * 3_000_000, 201), (b"x" * 3_000_001, 413)]
)
def test_a_file_has_at_least_one_byte_and_at_most_three_megabytes(
    gestionale: Program, content: bytes, status: int
) -> None:
    gestionale.call("post", "attachments", content)
    assert gestionale.status == status


def test_a_form_is_not_taken_for_a_file(gestionale: Program) -> None:
    headers = {"Authorization": f"Bearer {gestionale.token}"}
    assert gestionale.http.post("/api/v1/attachments", {"file": "x"}, headers=headers).status_code == 422


def test_a_reader_s_token_deposits_nothing(desk: Desk) -> None:
    reader = program(desk, "reader")
    reader.call("post", "attachments", b"x")
    assert reader.status == 403
    with company_scope(desk.company.pk):
        assert not StoredFile.objects.exists()
