"""What pages read of the configuration: once for each page, and never an old one."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fattorino.core.workflow.standard import standard_json
from fattorino.organisations.models import User
from fattorino.organisations.reading import one_reading
from fattorino.workflow import flows, queries
from fattorino.workflow.flows.advance import hold_configuration
from fattorino.workflow.models import Notice
from tests.desk import Desk

READ_ONCE = (
    "workflow_workflowversion",
    "workflow_statelook",
    "workflow_documentcount",
    "organisations_groupmember",
)


@pytest.fixture
def client(client: Client, desk: Desk) -> Client:
    client.force_login(User.objects.get(pk=desk.actor.user_id))
    return client


def publish(desk: Desk, code: str, **changes: Any) -> None:
    definition = standard_json()
    for state in definition["states"]:
        if state["code"] == code:
            state.update(changes)
    flows.publish_workflow(desk.company, definition, now=desk.now)


@pytest.mark.parametrize("address", ["/entrate/", "/entrate/?stato=DA_PROCESSARE", "/dashboard/privati/"])
def test_a_page_reads_the_configuration_and_the_counts_once(client: Client, desk: Desk, address: str) -> None:
    publish(desk, "CONSEGNATO", reserved=True, reserved_groups=["group:admin"])
    desk.save()
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    asked = Counter(
        table
        for query in seen
        for table in READ_ONCE
        if f"from {table}" in query["sql"].lower().replace('"', "")
    )
    assert [table for table in READ_ONCE if asked[table] > 1] == []
    assert asked["workflow_workflowversion"] == 1


def test_each_publication_is_known_to_the_next_page(client: Client, desk: Desk) -> None:
    desk.save()
    for reserved in (True, False, True):
        publish(desk, "DA_PROCESSARE", reserved=reserved, reserved_groups=["group:admin"])
        shown = client.get("/entrate/").content.decode()
        assert ("Rossi" in shown) is not reserved


def test_a_move_that_tells_people_reads_the_configuration_once(desk: Desk) -> None:
    publish(desk, "ANNULLATO", notices=[{"dashboard": "PR", "group": "group:operator"}])
    document = desk.save()
    with CaptureQueriesContext(connection) as seen:
        flows.choose_state(document.pk, "ANNULLATO", desk.actor, now=desk.now, reason="Doppia.")
    assert Notice.objects.filter(document=document).count() == 1
    assert sum('FROM "workflow_workflowversion"' in query["sql"] for query in seen) == 1


def test_who_decides_under_the_lock_reads_anew_even_within_a_page(desk: Desk) -> None:
    with one_reading():
        before, _ = queries.workflow_of(desk.company.pk)
        publish(desk, "CONSEGNATO", hidden_from_bulk=True)
        assert queries.workflow_of(desk.company.pk)[0] == before
        hold_configuration(desk.company.pk)
        assert queries.workflow_of(desk.company.pk)[0] == before + 1
