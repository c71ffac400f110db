"""Which states *Cambia stato* offers."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from fattorino.core.errors import RefusedError
from fattorino.workflow import configuration, flows
from fattorino.workflow.models import Document
from tests.desk import Desk
from tests.sentences.office import html, publish, put, section
from tests.sentences.source import sentence
from tests.workflow.settings_pages import STATES, state_form


def row_action(client: Client, document: Document) -> set[str]:
    """What the dialog of the row offers."""
    address = f"/entrate/{document.pk}/riga/stato/"
    page = client.get(address, headers={"HX-Request": "true"}).content.decode()
    return set(re.findall(r'<option value="(\w+)"', page))


@sentence(66)
def test_stati_da_assegnare(staff: Client) -> None:
    """Stati da assegnare"""
    part = section(html(staff, f"{STATES}stato/DA_PROCESSARE/"), "assegnare")
    assert "<h2>Stati da assegnare</h2>" in part and 'name="assignable-ANNULLATO"' in part


@sentence(67)
def test_quali_stati_possono_essere_abilitati_nell_azione_di_riga_cambia_stato(
    desk: Desk, client: Client
) -> None:
    """Tramite questa funzionalità è possibile specificare quali stati possono essere abilitati nell'azione
    di riga "cambia stato"."""
    document = desk.save()
    assert row_action(client, document) == {"ANNULLATO", "TRASMESSO_MANUALE"}
    publish(desk, DA_PROCESSARE={"assignable": ["TRASMESSO_MANUALE"]})
    assert row_action(client, document) == {"TRASMESSO_MANUALE"}
    address = f"/entrate/{document.pk}/riga/stato/"
    client.post(address, {"azienda": desk.company.pk, "stato": "ANNULLATO"}, headers={"HX-Request": "true"})
    assert desk.state(document) == "DA_PROCESSARE"
    client.post(
        address, {"azienda": desk.company.pk, "stato": "TRASMESSO_MANUALE"}, headers={"HX-Request": "true"}
    )
    assert desk.state(document) == "TRASMESSO_MANUALE"


@sentence(68)
def test_sara_possibile_selezionare_solo_stati_con_le_stesse_abilitazioni(
    desk: Desk, staff: Client, client: Client
) -> None:
    """Sarà possibile selezionare solo stati con le stesse abilitazioni attive rispetto allo stato sul quale
    si esegue la modifica."""
    address = f"{STATES}stato/DA_PROCESSARE/"
    # RIFIUTATO is for invoices to the PA only, DA_PROCESSARE is used on four dashboards.
    refused = staff.post(address, state_form(desk.company.pk, "DA_PROCESSARE", assignable__RIFIUTATO="1"))
    assert refused.status_code == 422 and not configuration.proposal(desk.company.pk).is_draft
    fitting = staff.post(address, state_form(desk.company.pk, "DA_PROCESSARE", assignable__DA_INTEGRARE="1"))
    assert fitting.status_code == 302
    publish(desk, DA_PROCESSARE={"assignable": ["RIFIUTATO", "DA_INTEGRARE"]})
    document = desk.save(desk.pa_draft())
    assert row_action(client, document) == {"DA_INTEGRARE"}
    with pytest.raises(RefusedError):
        flows.choose_state(document.pk, "RIFIUTATO", desk.actor, now=desk.now)


@sentence(69)
def test_non_valorizzando_alcuno_stato_saranno_visibili_tutti_gli_stati(desk: Desk, client: Client) -> None:
    """Non valorizzando alcuno stato all'interno di questa sezione, saranno visibili tutti gli stati
    all'utilizzo della funzione cambia stato."""
    publish(desk, SCARTATO_SDI={"assignable": []})
    offered = row_action(client, put(desk, "SCARTATO_SDI"))
    # All that may be given by hand and are used wherever this state is.
    assert offered == {
        "DA_PROCESSARE", "DA_INTEGRARE", "DA_VALIDARE", "DA_FIRMARE", "DA_CONFERMARE", "ERRORE_INVIO",
        "TRASMESSO_MANUALE", "ANNULLATO",
    }  # fmt: skip
