"""*Sincronizza*: the Hub's statuses that wait are brought to the documents that are ready for them by now."""

from __future__ import annotations

import datetime

from fattorino.workflow import outcomes
from fattorino.workflow.flows.advance import apply_held, system_actor

# Documents looked at in one question; what is ready is moved one by one, each under its own lock.
AT_ONCE = 500


def bring_held(company_id: int, *, now: datetime.datetime, most: int = AT_ONCE) -> tuple[int, bool]:
    """Apply what can be applied, of at most so many documents. Call inside the company's scope.

    Returns: how many statuses were applied, and whether documents are left that could not be looked at.
    """
    actor = system_actor(company_id)
    applied, moved, after = 0, 0, 0
    while True:
        found, last = outcomes.ready(company_id, after, AT_ONCE)
        for document_id in found:
            if moved == most:
                return applied, True
            applied += apply_held(document_id, actor, now=now)
            moved += 1
        if last is None:
            return applied, False
        after = last
