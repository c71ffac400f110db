"""A company's configuration of states: published as versions, never changed afterwards."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from fattorino.core.workflow.definition import workflow_from_json
from fattorino.core.workflow.standard import standard_json, standard_workflow
from fattorino.organisations.flows import lock_company
from fattorino.workflow.models import StateLook, WorkflowVersion

if TYPE_CHECKING:
    from fattorino.organisations.models import Company


def publish_workflow(
    company: Company, definition: dict[str, Any], *, now: datetime.datetime, user_id: int | None = None
) -> WorkflowVersion:
    """Make this configuration the company's next version.

    Raises:
        InputError: it does not read as a workflow.
    """
    workflow_from_json(definition)
    with transaction.atomic():
        lock_company(company.pk)
        last = WorkflowVersion.objects.filter(company=company).order_by("-number").first()
        return WorkflowVersion.objects.create(
            company=company,
            number=last.number + 1 if last else 1,
            definition=definition,
            published_at=now,
            published_by_id=user_id,
        )


def load_standard(company: Company, *, now: datetime.datetime) -> WorkflowVersion:
    """Give a company the standard workflow, unless it has one already."""
    # In one statement: a new company waits for none of its thirty states.
    StateLook.objects.bulk_create(
        [
            StateLook(
                code=state.code,
                label=state.label,
                tab=state.tab,
                order=state.order,
                icon=state.icon,
                colour=state.colour,
                tooltip=state.deadline[:200],
            )
            for state in standard_workflow().states.values()
        ],
        ignore_conflicts=True,
    )
    with transaction.atomic():
        lock_company(company.pk)
        existing = WorkflowVersion.objects.filter(company=company).order_by("-number").first()
        return existing or publish_workflow(company, standard_json(), now=now)
