"""Who is told when a document passes into a state."""

from __future__ import annotations

from typing import Any

from django.test import Client

from fattorino.core.workflow.definition import Dashboard
from fattorino.organisations import groups
from fattorino.workflow import configuration, flows
from fattorino.workflow.models import Notice
from tests.desk import Desk
from tests.sentences.office import DF, LI, PS, came, html, publish, section
from tests.sentences.source import sentence
from tests.workflow.postbox import browser_of, person
from tests.workflow.settings_pages import STATES, state_form


def told() -> list[tuple[int, str]]:
    return [(row.user_id, row.document.dashboard) for row in Notice.objects.order_by("id")]


@sentence(40)
def test_notifiche(staff: Client) -> None:
    """Notifiche"""
    part = section(html(staff, f"{STATES}stato/DA_PROCESSARE/"), "notifiche")
    assert "<h2>Notifiche</h2>" in part


@sentence(41)
def test_quando_una_fattura_passa_ad_uno_specifico_stato_notifica_ad_un_gruppo_di_utenti(desk: Desk) -> None:
    """Quando una fattura oppure una comunicazione passa ad uno specifico stato ci può essere la necessità
    di inviare una notifica ad un gruppo di utenti."""
    ada, eva = person(desk, "ada@ordine.example"), person(desk, "eva@ordine.example", "Eva Neri")
    group = groups.save_group(desk.actor, "Contabili", [ada.user_id or 0, eva.user_id or 0], now=desk.now)
    publish(desk, ANNULLATO={"notices": [{"dashboard": "PR", "group": group}]})
    document = desk.save()
    assert told() == []
    flows.choose_state(document.pk, "ANNULLATO", desk.actor, now=desk.now)
    assert sorted(told()) == sorted([(ada.user_id, "PR"), (eva.user_id, "PR")])
    assert "Fattura 1" in html(browser_of(ada), "/avvisi/")


@sentence(42)
def test_abilitando_il_check_di_invio_notifica_gruppo_organizzativo_notifiche_di_sistema_oppure_e_mail(
    desk: Desk, staff: Client, settings: Any
) -> None:
    """Abilitando il check di invio notifica per fattura emessa, invio liquidazione IVA, invio comunicazione
    dati fatture oppure fatture ricevute, viene data la possibilità di inserire il Gruppo Organizzativo al
    quale inviare la notifica tramite il sistema di notifiche standard (notifiche di sistema oppure tramite
    e-mail)."""
    settings.MAIL = True
    ada = person(desk, "ada@ordine.example")
    group = groups.save_group(desk.actor, "Contabili", [ada.user_id or 0], now=desk.now)
    labels = (
        "Invia notifica per fattura emessa verso PA", "Invia notifica per fattura emessa verso privati",
        "Invia notifica per invio liquidazione IVA", "Invia notifica per invio comunicazione dati fatture",
        "Invia notifica per fatture ricevute",
    )  # fmt: skip
    part = section(html(staff, f"{STATES}stato/DA_PROCESSARE/"), "notifiche")
    assert all(label in part for label in labels)
    chosen = {"notice__LI": "1", "notice__LI__0__group": group, "notice__LI__0__medium": "mail"}
    chosen |= {"notice__PR": "1", "notice__PR__0__group": group, "notice__PR__0__medium": "page"}
    sent = state_form(desk.company.pk, "DA_PROCESSARE", **chosen)
    assert staff.post(f"{STATES}stato/DA_PROCESSARE/", sent).status_code == 302
    saved = configuration.proposal(desk.company.pk).workflow.states["DA_PROCESSARE"].notices
    notices = [{"dashboard": str(n.dashboard), "group": n.group, "mail": n.mail} for n in saved]
    publish(
        desk,
        DA_PROCESSARE={"notices": notices},
        RICEVUTO={"notices": [{"dashboard": "PS", "group": group}]},
    )
    desk.save()
    desk.save(desk.pa_draft())
    for dashboard in (LI, DF, PS):
        came(desk, dashboard)
    rows = Notice.objects.order_by("id")
    assert [(row.document.dashboard, row.mail) for row in rows] == [("PR", ""), ("LI", "now"), ("PS", "")]
    assert {Dashboard(n["dashboard"]) for n in notices} == {Dashboard.LIPE, Dashboard.ACTIVE_PRIVATE}


@sentence(43)
def test_spiegazione_dettagliata_del_ricevimento_delle_notifiche(staff: Client) -> None:
    """Per un spiegazione dettagliata del ricevimento delle notifiche al cambio dello stato si rimanda alla
    lettura del seguente approfondimento."""
    part = section(html(staff, f"{STATES}stato/DA_PROCESSARE/"), "notifiche")
    explained = part.split("Come arrivano gli avvisi")[1].split("</details>")[0]
    assert explained.count("<li>") == 5 and "una volta per evento e per persona" in explained
    leads_to = explained.split('href="')[1].split('"')[0]
    assert "Un riepilogo al giorno" in html(staff, leads_to)
