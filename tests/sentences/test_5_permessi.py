"""Reserved states: who may see them, and so handle what is in them."""

from __future__ import annotations

import pytest
from django.test import Client

from fattorino.core.errors import RefusedError
from fattorino.documents import queries as documents
from fattorino.organisations import groups
from fattorino.organisations.queries import Actor
from fattorino.workflow import flows
from tests.api.conftest import Program
from tests.desk import Desk
from tests.sentences.office import html, publish, put, section
from tests.sentences.source import sentence
from tests.workflow.postbox import browser_of, person
from tests.workflow.settings_pages import STATES


@sentence(44)
def test_permessi(staff: Client) -> None:
    """Permessi"""
    part = section(html(staff, f"{STATES}stato/SCARTATO_SDI/"), "permessi")
    assert "<h2>Permessi</h2>" in part and "Gruppi di sicurezza" in part and "Utenti" in part


@sentence(45)
def test_gestire_la_sicurezza_sugli_stati_se_attivato_il_check_riservato(
    desk: Desk, client: Client, gestionale: Program
) -> None:
    """Questa sezione permette di gestire la sicurezza sugli stati ed è visibile se è stato attivato il
    check "Riservato"."""
    document = put(desk, "SCARTATO_SDI")
    address = f"/entrate/{document.pk}/"
    permitted = {"reserved_groups": ["group:admin"]}
    publish(desk, SCARTATO_SDI=permitted)
    assert client.get(address).status_code == 200
    publish(desk, SCARTATO_SDI=permitted | {"reserved": True})
    assert client.get(address).status_code == 404
    assert "Scartato" not in html(client, "/entrate/") and "Scartato" not in html(
        client, "/dashboard/privati/"
    )
    assert gestionale.call("get", "documents")["documents"] == []
    with pytest.raises(RefusedError, match="Documento non trovato"):
        desk.press(document)


@sentence(46)
def test_un_gruppo_di_sicurezza_oppure_un_utente_al_quale_consentire_la_visualizzazione_e_la_gestione(
    desk: Desk,
) -> None:
    """È possibile indicare un gruppo di sicurezza oppure un utente al quale consentire la visualizzazione e
    quindi la gestione di uno stato."""
    member, named, other = (
        person(desk, f"{name.lower()}@ordine.example", f"{name} Rossi") for name in ("Ada", "Eva", "Ugo")
    )
    group = groups.save_group(desk.actor, "Ufficio", [member.user_id or 0], now=desk.now)
    publish(
        desk,
        SCARTATO_SDI={
            "reserved": True, "reserved_groups": [group], "reserved_users": [f"user:{named.user_id}"],
        },
    )  # fmt: skip
    seen_and_sent: list[Actor] = []
    for actor in (member, named, other):
        document = put(desk, "SCARTATO_SDI")
        visible = browser_of(actor).get(f"/entrate/{document.pk}/").status_code == 200
        listed = documents.list_documents(actor, documents.DocumentFilters(state="SCARTATO_SDI")).rows
        assert bool(listed) == visible
        try:
            flows.request_action(document.pk, actor, now=desk.now)
        except RefusedError:
            assert not visible
        else:
            assert visible
            seen_and_sent.append(actor)
    assert seen_and_sent == [member, named]
