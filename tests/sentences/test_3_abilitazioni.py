"""The dashboards on which a state can be used."""

from __future__ import annotations

import pytest
from django.test import Client

from fattorino.core.errors import RefusedError
from fattorino.workflow.flows import bulk as runs
from tests.desk import Desk
from tests.sentences.office import DF, LI, PS, came, html, publish, put, section
from tests.sentences.source import sentence
from tests.workflow.settings_pages import STATES


def counted(client: Client, slug: str) -> dict[str, int]:
    found: dict[str, int] = client.get(f"/dashboard/{slug}/conteggi/").json()["states"]
    return found


@sentence(35)
def test_abilitazioni(staff: Client) -> None:
    """Abilitazioni"""
    assert "<h2>Abilitazioni</h2>" in section(html(staff, f"{STATES}stato/RICEVUTO/"), "abilitazioni")


@sentence(36)
def test_in_questa_sezione_le_dashboard_nelle_quali_lo_stato_puo_essere_utilizzato(
    desk: Desk, staff: Client, client: Client
) -> None:
    """In questa sezione vengono indicate le dashboard nelle quali lo stato può essere utilizzato."""
    part = section(html(staff, f"{STATES}stato/DA_INTEGRARE/"), "abilitazioni")
    assert all(f'name="dashboards-{dashboard}"' in part for dashboard in ("PA", "PR", "PS", "LI", "DF"))
    assert "DA_INTEGRARE" in counted(client, "dati-fatture")
    publish(desk, DA_INTEGRARE={"dashboards": ["PA", "PR", "LI"]})
    assert "DA_INTEGRARE" not in counted(client, "dati-fatture")
    assert "DA_INTEGRARE" in counted(client, "lipe")


@sentence(37)
def test_lo_stesso_stato_da_processare_verso_pa_verso_privati_liquidazione_iva(
    desk: Desk, client: Client
) -> None:
    """Ad esempio se lo stesso stato "Da processare" viene utilizzato sia per la fatturazione attiva verso
    PA, sia verso Privati, sia per la comunicazione liquidazione IVA verranno attivati i check di tutte
    queste gestioni."""
    desk.save()
    desk.save(desk.pa_draft())
    came(desk, LI)
    for slug in ("pa", "privati", "lipe"):
        assert counted(client, slug)["DA_PROCESSARE"] == 1, slug
        assert 'data-count="DA_PROCESSARE"' in html(client, f"/dashboard/{slug}/")


@sentence(38)
def test_ricevuto_usato_solo_per_la_fatturazione_passiva(desk: Desk, client: Client) -> None:
    """Se invece uno stato, esempio "Ricevuto", viene usato solo per la fatturazione passiva verrà abilitato
    solo il check per la fattura passiva."""
    document = came(desk, PS)
    assert desk.state(document) == "RICEVUTO" and counted(client, "passive")["RICEVUTO"] == 1
    assert not any("RICEVUTO" in counted(client, slug) for slug in ("pa", "privati", "lipe", "dati-fatture"))
    came(desk, DF)
    assert counted(client, "passive")["RICEVUTO"] == 1


@sentence(39)
def test_non_e_disponibile_per_l_invio_massivo_non_sono_visibili_sulla_dashboard_anche_se_gestiti(
    desk: Desk, client: Client
) -> None:
    """Non è disponibile per l'invio massivo: il check è attivo su alcuni stati iniziali (da validare, da
    firmare, da confermare) In questo modo gli stati non sono visibili sulla dashboard anche se gestiti per
    la fatturazione elettronica."""
    document = put(desk, "DA_FIRMARE")
    page = html(client, "/dashboard/privati/")
    assert not any(f'data-count="{code}"' in page for code in ("DA_VALIDARE", "DA_FIRMARE", "DA_CONFERMARE"))
    with pytest.raises(RefusedError, match="invio massivo"):
        order = runs.Order("PR", "DA_FIRMARE", action="FIRMA")
        runs.start_run(desk.actor, order, [[document.pk]], now=desk.now)
    # It is worked upon all the same, one by one.
    desk.press(document)
    publish(desk, DA_FIRMARE={"hidden_from_bulk": False})
    assert 'data-count="DA_FIRMARE"' in html(client, "/dashboard/privati/")
