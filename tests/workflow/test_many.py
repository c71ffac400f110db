"""Filling a company with invented documents; `python -m bench.many` measures with them."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from fattorino.config import demo, many
from fattorino.config.many_load import indexes_made_last
from fattorino.documents.models import SearchEntry
from fattorino.organisations.flows import save_company
from fattorino.organisations.queries import Actor, find_company
from fattorino.organisations.scope import company_scope
from fattorino.workflow import counts
from fattorino.workflow.models import Document
from tests.desk import NOW

CODE = "00000000001"


def fill(documents: int) -> Actor:
    call_command("many", company=CODE, documents=documents)
    company = find_company(CODE)
    assert company is not None
    return Actor("hub", "misure", company.pk)


def test_another_company_is_not_filled(db: None) -> None:
    save_company(demo.ORDINE, now=NOW)
    with pytest.raises(CommandError, match="solo in un'azienda fatta da questo comando"):
        call_command("many", company=demo.ORDINE["id_codice"], documents=1)


def test_filling_goes_on_where_it_stopped(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "COUNTERPARTS", 50)
    fill(30)
    actor = fill(70)
    with company_scope(actor.company_id):
        assert counts.sums(actor).n == Document.objects.count() == 70


def test_a_large_fill_leaves_the_same_rows_and_indexes_as_a_small_one(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "COUNTERPARTS", 50)
    monkeypatch.setattr(many, "AT_ONCE", 20)
    before = indexes()
    monkeypatch.setattr(many, "WORTH_INDEXING_LAST", 30)
    actor = fill(70)
    with company_scope(actor.company_id):
        assert counts.sums(actor).n == Document.objects.count() == SearchEntry.objects.count() == 70
        assert len({d.number for d in Document.objects.all()} | {""}) > 50
    assert indexes() == before


def test_who_is_interrupted_while_there_are_no_indexes_finds_them_again(db: None) -> None:
    before = indexes()
    with pytest.raises(KeyboardInterrupt), indexes_made_last("workflow_document"):
        assert len(indexes()) < len(before)
        raise KeyboardInterrupt
    assert indexes() == before


def indexes() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("select indexdef from pg_indexes where schemaname = 'public'")
        return {row[0] for row in cursor.fetchall()}
