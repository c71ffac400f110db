"""The verbs that the tests of the sentences share: an Ordine whose administrator shapes its states."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.test import Client

from fattorino.core.fatturapa.draft import Draft
from fattorino.core.workflow.definition import Dashboard
from fattorino.core.workflow.standard import standard_json
from fattorino.workflow import flows, overview
from fattorino.workflow.flows import DocumentFacts
from fattorino.workflow.models import Document
from tests.desk import TODAY, Desk, run_jobs
from tests.workflow.settings_pages import STATES

PA, PR, PS = Dashboard.ACTIVE_PA, Dashboard.ACTIVE_PRIVATE, Dashboard.PASSIVE
LI, DF = Dashboard.LIPE, Dashboard.DATI_FATTURE


def publish(desk: Desk, **changes: dict[str, Any]) -> None:
    """A new version: the standard configuration with some states changed; `active` and `passive` in part."""
    definition = standard_json()
    for state in definition["states"]:
        change = dict(changes.get(state["code"], {}))
        for rule in ("active", "passive"):
            if rule in change:
                change[rule] = state.get(rule, {}) | change[rule]
        state.update(change)
    flows.publish_workflow(desk.company, definition, now=desk.now)


def came(desk: Desk, dashboard: Dashboard) -> Document:
    """A document of any dashboard comes in, as the room that makes such documents will let it."""
    facts = DocumentFacts(
        kind="fattura", dashboard=str(dashboard), number=f"{dashboard}-1", date=TODAY, counterpart_id=None,
        counterpart_name="Fornitore S.r.l.", total_cents=12200, taxable_cents=10000, tax_cents=2200,
        due_cents=12200, currency="EUR", search_text="",
    )  # fmt: skip
    return flows.open_document(desk.actor, facts, now=desk.now, message="Documento inserito.")


def put(desk: Desk, state: str, draft: Draft | None = None) -> Document:
    """A saved document that stands where long ways lead."""
    document = desk.save(draft)
    Document.objects.filter(pk=document.pk).update(state=state)
    return document


def send(desk: Desk, document: Document) -> None:
    """The button, and all that runs on from it until the document waits for SdI."""
    desk.press(document)
    run_jobs(skip=frozenset({"hub.turn"}))


def tell(desk: Desk, document: Document, status: str) -> None:
    """The Hub hands on what SdI answered."""
    flows.report_status(document.pk, status, flows.system_actor(desk.company.pk, "sdi"), now=desk.now)


def state_of(desk: Desk, document: Document) -> dict[str, Any]:
    """The state's own settings in the version in force."""
    from fattorino.workflow import queries

    _, workflow = queries.workflow_of(desk.company.pk)
    return asdict(workflow.state(desk.state(document)))


def dress(staff: Client, code: str, **values: Any) -> None:
    """Change the *Impostazioni comuni* of a state on their page."""
    look = overview.look(code)
    assert look is not None
    sent = asdict(look) | {"image": "icon"} | values
    answer = staff.post(f"{STATES}comuni/{code}/", sent)
    assert answer.status_code == 302, answer.content.decode()


def html(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return str(answer.content.decode())


def section(page: str, name: str) -> str:
    """One part of a state's page."""
    return page.split(f'id="{name}"', 1)[1].split("</section>")[0]


def options(page: str, name: str) -> list[str]:
    """The labels a combo offers."""
    from html import unescape

    inside = page.split(f'<select id="{name}"', 1)[1].split("</select>")[0]
    return [unescape(part.split("</option>")[0].split(">", 1)[1]) for part in inside.split("<option ")[1:]]


def gadget(page: str, code: str) -> str:
    """The markup around one gadget of a dashboard."""
    at = page.index(f'data-count="{code}"')
    return page[max(0, page.rfind("<li", 0, at)) : at + 600]
