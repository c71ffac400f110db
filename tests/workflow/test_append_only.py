"""What happened is only added to: the database itself refuses to change or to delete it."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from fattorino.workflow.models import StateChange
from tests.desk import Desk

# History, configurations, audit, files and what was told to programs.
TABLES = {
    "workflow_statechange",
    "workflow_workflowversion",
    "workflow_outcomeseen",
    "organisations_auditentry",
    "documents_storedfile",
    "documents_documentfile",
    "documents_decision",
    "documents_posting",
    "hub_remoteevent",
}


@pytest.mark.django_db
@pytest.mark.parametrize("trigger", ["append_only", "append_only_all"])
def test_the_triggers_stand_and_are_switched_on(trigger: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select tgrelid::regclass::text from pg_trigger where tgname = %s and tgenabled = 'O'", [trigger]
        )
        assert {name for (name,) in cursor.fetchall()} >= TABLES


def test_a_change_of_state_is_neither_changed_nor_deleted(desk: Desk) -> None:
    document = desk.save()
    changes = StateChange.objects.filter(document=document)
    before = list(changes.values())
    assert before
    for attempt in (lambda: changes.update(to_state="CONSEGNATO"), lambda: changes.delete()):
        with pytest.raises(DatabaseError, match="solo accrescere"), transaction.atomic():
            attempt()
    assert list(changes.values()) == before
