from __future__ import annotations

from fattorino.documents.models import DocumentFile, ImportedFile
from fattorino.organisations.scope import company_scope
from tests.api.conftest import Program
from tests.desk import Desk, run_jobs


def _xml(desk: Desk) -> bytes:
    """An invoice of the company, as its own program would have written it."""
    document = desk.save()
    desk.press(document)
    run_jobs(skip=frozenset({"hub.turn"}))
    content = bytes(DocumentFile.objects.get(document=document, kind="xml").stored.content)
    return content.replace(b"<Numero>1</Numero>", b"<Numero>77</Numero>")


def test_a_file_is_kept_at_once_and_read_by_the_worker(gestionale: Program, desk: Desk) -> None:
    taken = gestionale.call("post", "imports?name=IT02100450127_00077.xml", _xml(desk))
    assert (gestionale.status, taken["status"]) == (202, "waiting")
    where = gestionale.last["Location"]
    with company_scope(desk.company.pk):
        run_jobs(skip=frozenset({"hub.turn"}))
    done = gestionale.call("get", where)
    assert (done["status"], done["outcomes"][0]["ok"]) == ("done", True)
    made = gestionale.call("get", f"documents/{done['outcomes'][0]['document_id']}")
    assert (made["number"], made["source"]) == ("77", "import")
    assert made["history"][0]["actor"] == "Contabilità"


def test_a_file_that_cannot_be_read_says_why(gestionale: Program, desk: Desk) -> None:
    where = gestionale.call("post", "imports?name=vuoto.xml", b"<a/>") and gestionale.last["Location"]
    with company_scope(desk.company.pk):
        run_jobs()
    refused = gestionale.call("get", where)
    assert refused["status"] == "refused" and refused["outcomes"][0]["message"]


def test_a_file_above_20_mb_is_refused_and_noted(gestionale: Program, desk: Desk) -> None:
    refused = gestionale.call("post", "imports?name=grande.xml", b" " * (20 * 1024 * 1024 + 1))
    assert (refused["status"], refused["outcomes"][0]["code"]) == ("refused", "00003")


def test_a_request_above_the_server_s_limit_is_413(gestionale: Program, desk: Desk) -> None:
    answer = gestionale.call("post", "imports?name=enorme.xml", b" " * 26_300_000)
    assert (gestionale.status, answer["status"]) == (413, 413)
    with company_scope(desk.company.pk):
        assert not ImportedFile.objects.exists()


def test_a_form_is_not_taken_for_a_file(gestionale: Program) -> None:
    gestionale.last = gestionale.http.post(
        "/api/v1/imports?name=a.xml",
        data={"file": "x"},
        headers={"Authorization": f"Bearer {gestionale.token}"},
    )
    assert gestionale.status == 422


def test_a_name_is_needed(gestionale: Program) -> None:
    assert gestionale.call("post", "imports", b"<a/>")["fields"] == {"name": "Campo obbligatorio."}
