"""The database holds what the models say: a migration may take away more than it was asked to."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection


@pytest.mark.django_db
def test_every_index_and_constraint_of_the_models_is_in_the_database() -> None:
    """Django drops a partial unique index together with the plain index of its column (to `db_index=False`)."""
    with connection.cursor() as cursor:
        cursor.execute("select indexname from pg_indexes union select conname from pg_constraint")
        there = {name for (name,) in cursor.fetchall()}
    declared = {
        f"{model._meta.db_table}: {each.name}"
        for model in apps.get_models()
        if model._meta.managed
        for each in (*model._meta.indexes, *model._meta.constraints)
    }
    assert len(declared) > 30
    assert {name for name in declared if name.partition(": ")[2] not in there} == set()
