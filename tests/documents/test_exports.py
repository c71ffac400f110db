"""Exports hold a page at a time, and each page is read under the wall of its company."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from fattorino.config import demo
from fattorino.core.errors import RefusedError
from fattorino.core.xml import parse
from fattorino.documents import queries
from fattorino.organisations import spreadsheet
from fattorino.organisations.models import User
from fattorino.organisations.scope import company_scope
from tests.desk import Desk, make_desk


def signed_in(desk: Desk) -> Client:
    browser = Client()
    browser.force_login(User.objects.get(pk=desk.actor.user_id))
    return browser


@pytest.mark.django_db(transaction=True)
def test_the_csv_is_read_page_by_page_after_the_request_s_transaction(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk, other = make_desk(demo.ORDINE, "a@x.example"), make_desk(demo.STUDIO, "b@x.example")
    for each in (desk, other):
        with company_scope(each.company.pk):
            for _ in range(5):
                each.save(each.draft(causale=(each.company.name,)))
    monkeypatch.setattr("fattorino.documents.views.listing.ROWS_AT_ONCE", 2)
    plain = queries.list_documents
    asked: list[bool] = []

    def counted(*args: Any, **options: Any) -> queries.Page:
        asked.append(connection.in_atomic_block)
        return plain(*args[:3], 2)

    monkeypatch.setattr(queries, "list_documents", counted)
    answer = signed_in(desk).get("/entrate/esporta.csv")
    assert answer.streaming and len(asked) == 1, "only the first page is read before it is sent"
    lines = answer.getvalue().decode("utf-8-sig").splitlines()
    assert [line.split(";")[1] for line in lines] == ["Numero", "5", "4", "3", "2", "1"]
    assert asked == [True] * 3 and not connection.in_atomic_block


def test_an_empty_list_is_a_file_with_headings(desk: Desk) -> None:
    browser = signed_in(desk)
    assert browser.get("/entrate/esporta.csv").getvalue().decode("utf-8-sig").startswith("Tipo;Numero")
    assert zipfile.ZipFile(io.BytesIO(browser.get("/entrate/esporta.xlsx").getvalue())).testzip() is None


def test_a_workbook_takes_its_rows_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    spreadsheet.write_xlsx(out, "Prova", ["A"], ([f"riga {n}"] for n in range(5000)))
    with zipfile.ZipFile(out) as book:
        sheet = parse(book.read("xl/worksheets/sheet1.xml"))
    assert len(sheet[-1]) == 5001
    monkeypatch.setattr(spreadsheet, "MOST_ROWS", 3)
    spreadsheet.write_xlsx(io.BytesIO(), "Prova", ["A"], [["x"]] * 3)
    with pytest.raises(RefusedError, match="al massimo 3 righe"):
        spreadsheet.write_xlsx(io.BytesIO(), "Prova", ["A"], [["x"]] * 4)
