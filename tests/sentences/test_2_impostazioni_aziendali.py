"""The settings that each company has for itself: the type of a state and its checks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client

from fattorino.config import demo
from fattorino.core.errors import RefusedError
from fattorino.hub.models import Submission
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow import configuration, flows, queries
from fattorino.workflow.models import Document
from tests.api.conftest import Program
from tests.desk import Desk, jobs, run_jobs
from tests.hub.letters import in_the_queue
from tests.sentences.office import (
    html,
    options,
    publish,
    put,
    section,
    send,
    state_of,
    tell,
)
from tests.sentences.source import sentence
from tests.workflow.settings_pages import STATES, draft_version, state_form

ALL = ["PA", "PR", "LI", "DF"]


def targets(desk: Desk, document: Document) -> set[str]:
    document = Document.objects.get(pk=document.pk)
    return {view.code for view in queries.possibilities(document, desk.actor).targets}


@sentence(16)
def test_impostazioni_aziendali(staff: Client) -> None:
    """IMPOSTAZIONI AZIENDALI"""
    part = section(html(staff, f"{STATES}stato/DA_PROCESSARE/"), "aziendali")
    for name in (
        "type", "from_gestionale", "from_hub", "asynchronous", "confirms", "in_esterometro", "preserved",
        "reserved", "issued",
    ):  # fmt: skip
        assert f'name="{name}"' in part, name


@sentence(17)
def test_configurate_in_maniera_opportuna_in_base_all_iter_seguito(desk: Desk) -> None:
    """Le impostazioni aziendali hanno notevole rilevanza nella gestione del dato, quindi devono essere
    configurate in maniera opportuna in base all'iter seguito dall'azienda."""
    at_once = desk.save()
    send(desk, at_once)
    publish(desk, DA_CONFERMARE={"active": {"automatic": False}})
    with_a_stop = desk.save()
    send(desk, with_a_stop)
    publish(desk, DA_PROCESSARE={"active": {"confirmed": "DA_CONFERMARE"}})
    assert (desk.state(at_once), desk.state(with_a_stop)) == ("IN_ELABORAZIONE", "DA_CONFERMARE")


@sentence(18)
def test_ogni_azienda_puo_utilizzare_lo_stato_in_maniera_diversa(desk: Desk, other_desk: Desk) -> None:
    """Gli stati sono aziendali, quindi ogni azienda di portale può utilizzare lo stato in maniera diversa."""
    publish(desk, DA_PROCESSARE={"active": {"change_state": False}})
    assert targets(desk, desk.save()) == set()
    with company_scope(other_desk.company.pk):
        assert "ANNULLATO" in targets(other_desk, other_desk.save())


@sentence(19)
def test_tipo_stato_puo_assumere_i_valori_iniziale_intermedio_e_finale(desk: Desk, staff: Client) -> None:
    """Tipo stato: la casella combinata può assumere i valori "Iniziale", "Intermedio" e "Finale"."""
    page = html(staff, f"{STATES}stato/RIFIUTATO/")
    assert options(page, "type") == ["Iniziale", "Intermedio", "Finale"]
    refused = staff.post(f"{STATES}stato/RIFIUTATO/", state_form(desk.company.pk, "RIFIUTATO", type="Altro"))
    assert refused.status_code == 422


@sentence(20)
def test_tipicamente_da_processare_scartato_rifiutato_oppure_decorsi_termini(desk: Desk) -> None:
    """Tipicamente lo stato iniziale è quello "DA PROCESSARE", lo stato intermedio può essere "Scartato", lo
    stato finale può essere "Rifiutato" oppure "Decorsi termini"."""
    document, lapsed, refused = (
        desk.save(),
        put(desk, "CONSEGNATO_PA", desk.pa_draft()),
        put(desk, "CONSEGNATO_PA", desk.pa_draft()),
    )
    assert (desk.state(document), state_of(desk, document)["type"]) == ("DA_PROCESSARE", "Iniziale")
    send(desk, document)
    tell(desk, document, "NS")
    assert (desk.state(document), state_of(desk, document)["type"]) == ("SCARTATO_SDI", "Intermedio")
    tell(desk, lapsed, "DT")
    assert (desk.state(lapsed), state_of(desk, lapsed)["type"]) == ("DECORSI_TERMINI", "Finale")
    publish(desk, RIFIUTATO={"type": "Finale", "active": {"action": "NESSUNA", "change_state": False}})
    tell(desk, refused, "NE_EC02")
    assert (desk.state(refused), state_of(desk, refused)["type"]) == ("RIFIUTATO", "Finale")
    with pytest.raises(RefusedError):
        desk.press(refused)


@sentence(21)
def test_attribuibile_da_gestionale_quando_lo_stato_puo_essere_attribuito(
    desk: Desk, gestionale: Program
) -> None:
    """Check "Attribuibile da gestionale:" il check va attivato quando lo stato può essere attribuito dal
    gestionale."""
    first, second = desk.save(), desk.save()
    gestionale.call("post", f"documents/{first.pk}/state", {"state": "ANNULLATO"})
    assert (gestionale.status, desk.state(first)) == (200, "ANNULLATO")
    publish(desk, ANNULLATO={"from_gestionale": False})
    gestionale.call("post", f"documents/{second.pk}/state", {"state": "ANNULLATO"})
    assert gestionale.status == 422
    assert gestionale.call("get", f"documents/{second.pk}")["state"]["code"] == "DA_PROCESSARE"


@sentence(22)
def test_da_processare_attribuito_dal_gestionale_quando_una_fattura_viene_inserita(
    desk: Desk, gestionale: Program
) -> None:
    """Ad esempio lo stato "Da processare" viene attribuito dal gestionale do origine quando una fattura o
    una comunicazione viene inserita nella dashboard."""
    from fattorino.core.fatturapa.draft import draft_to_json

    made = gestionale.call("post", "documents", {"kind": "fattura", "draft": draft_to_json(desk.draft())})
    assert (gestionale.status, made["state"]["code"]) == (201, "DA_PROCESSARE")
    assert made["history"][0]["actor"] == "Contabilità"


@sentence(23)
def test_rifiutato_non_potra_essere_attribuito_dal_gestionale_ma_verra_inserito_da_digital_hub(
    desk: Desk, gestionale: Program
) -> None:
    """Mentre, ad esempio, lo stato "Rifiutato" non potrà essere attribuito dal gestionale, ma verrà
    inserito da Digital Hub al momento in cui viene associata una notifica di rifiuto della fattura da parte
    della Pubblica Amministrazione (PA)."""
    publish(desk, RIFIUTATO={"from_gestionale": False, "dashboards": ALL}, DA_PROCESSARE={"assignable": []})
    document, answered = desk.save(desk.pa_draft()), put(desk, "CONSEGNATO_PA", desk.pa_draft())
    tell(desk, answered, "NE_EC02")
    assert desk.state(answered) == "RIFIUTATO"
    gestionale.call("post", f"documents/{document.pk}/state", {"state": "RIFIUTATO"})
    assert gestionale.status == 422
    assert gestionale.call("get", f"documents/{document.pk}")["state"]["code"] == "DA_PROCESSARE"


@sentence(24)
def test_aggiornabile_da_digital_hub_con_la_funzione_di_sincronizzazione(desk: Desk, client: Client) -> None:
    """Check "Aggiornabile da Digital Hub:" il check va attivato quando lo stato viene aggiornato
    direttamente da Digital Hub, successivamente con la funzione di sincronizzazione della dashboard con
    quella di Digital Hub viene attribuito tale stato anche sulle Dashboard degli adempimenti fiscali."""
    publish(desk, CONSEGNATO={"from_hub": False})
    document = put(desk, "IN_ATTESA_ESITO")
    tell(desk, document, "RC")
    client.post("/dashboard/sincronizza/", {"dashboard": "privati"})
    assert desk.state(document) == "IN_ATTESA_ESITO"
    publish(desk)
    page = client.post("/dashboard/sincronizza/", {"dashboard": "privati"}, follow=True).content.decode()
    assert "1 esito applicato" in page and desk.state(document) == "CONSEGNATO"
    assert client.get("/dashboard/privati/conteggi/").json()["states"]["CONSEGNATO"] == 1


@sentence(25)
def test_se_ha_solo_questo_check_non_sara_possibile_cambia_stato(desk: Desk, client: Client) -> None:
    """Se lo stato ha solo questo check attivo non sarà possibile eseguire dalla dashboard la funzione di
    "Cambia stato"."""
    change = {"change_state": True}
    publish(desk, IN_ATTESA_ESITO={"from_hub": True, "from_gestionale": False, "active": change})
    document = put(desk, "IN_ATTESA_ESITO")
    dialog = html_of_dialog(client, document)
    assert "Da questo stato non si può cambiare stato a mano" in dialog
    sent = client.post(f"/entrate/{document.pk}/stato/", {"azienda": desk.company.pk, "stato": "ANNULLATO"})
    assert sent.status_code == 409 and desk.state(document) == "IN_ATTESA_ESITO"
    publish(desk, IN_ATTESA_ESITO={"from_hub": True, "from_gestionale": True, "active": change})
    assert 'value="ANNULLATO"' in html_of_dialog(client, document)


def html_of_dialog(client: Client, document: Document) -> str:
    address = f"/entrate/{document.pk}/riga/stato/"
    return str(client.get(address, headers={"HX-Request": "true"}).content.decode())


@sentence(26)
def test_modalita_asincrona_deve_essere_attivato_per_gli_stati_che_prevedono_l_invio(
    desk: Desk, boss: Actor, staff: Client
) -> None:
    """Check "Modalità asincrona:" il check deve essere attivato per gli stati che prevedono l'invio
    documenti a DHZ, in quanto la procedura gestisce obbligatoriamente la modalità asincrona."""
    address = f"{STATES}stato/DA_PROCESSARE/"
    staff.post(address, state_form(desk.company.pk, "DA_PROCESSARE", asynchronous=""))
    with pytest.raises(RefusedError, match="modalità asincrona"):
        flows.publish_draft(boss, draft_version(desk.company.pk), now=desk.now)
    publish(desk, DA_PROCESSARE={"asynchronous": False})
    with pytest.raises(RefusedError, match="modalità asincrona"):
        desk.press(desk.save())


@sentence(27)
def test_dhz_acquisisce_le_fatture_in_autonomia_e_nei_momenti_opportuni(desk: Desk) -> None:
    """Questa modalità risulta essere più performante perchè DHZ acquisisce le fatture in autonomia e nei
    momenti opportuni, al fine di evitare sovraccarichi dovuti a numerosi documenti inviati
    contemporaneamente."""
    documents = [desk.save() for _ in range(3)]
    for document in documents:
        desk.press(document)
    # The person is not kept waiting: nothing was taken over yet, everything is queued.
    assert {desk.state(document) for document in documents} == {"DA_PROCESSARE"}
    assert len(jobs("workflow.run_action")) == 3 and not Submission.objects.exists()
    run_jobs(skip=frozenset({"hub.turn"}))
    assert {desk.state(document) for document in documents} == {"IN_ELABORAZIONE"}
    assert Submission.objects.count() == 3 == in_the_queue()


@sentence(28)
def test_conferma_documento_per_metterla_in_stato_confermato_se_era_provvisorio(
    desk: Desk, gestionale: Program
) -> None:
    """Check "Conferma documento:" attivando questo check viene abilitata un'azione sulla Fattura per
    metterla in stato "Confermato", se precedentemente lo stato sul gestionale era provvisorio."""
    document = desk.save()
    assert gestionale.call("get", f"documents/{document.pk}")["confirmed"] is False
    publish(desk, IN_ELABORAZIONE={"confirms": True}, DA_CONFERMARE={"confirms": False})
    desk.press(document)
    assert gestionale.call("get", f"documents/{document.pk}")["confirmed"] is False
    run_jobs(skip=frozenset({"hub.turn"}))
    assert gestionale.call("get", f"documents/{document.pk}")["confirmed"] is True


@sentence(29)
def test_comunica_in_esterometro_estratte_anche_se_comunicate_precedentemente(
    desk: Desk, client: Client, gestionale: Program
) -> None:
    """Check "Comunica in esterometro:" l'attivazione di tale check farà si che tutte le registrazioni
    contabili relative a fatture, che si trovano in tale stato, e che secondo le regole impostate devono
    essere incluse nell'Esterometro, verranno estratte anche se comunicate precedentemente con la
    fatturazione elettronica."""
    delivered = desk.save()
    send(desk, delivered)
    tell(desk, delivered, "RC")
    desk.save()
    assert gestionale.call("get", "documents?check=in_esterometro")["documents"] == []
    publish(desk, CONSEGNATO={"in_esterometro": True})
    found = gestionale.call("get", "documents?check=in_esterometro")["documents"]
    assert [row["id"] for row in found] == [delivered.pk]
    page = html(client, "/entrate/?solo=esterometro")
    assert page.count('id="row-') == 1 and f'id="row-{delivered.pk}"' in page


@sentence(30)
def test_e_possibile_comunicare_anche_le_fatture_inviate_a_soggetti_esteri(
    desk: Desk, gestionale: Program
) -> None:
    """È possibile, infatti, comunicare anche le fatture inviate in formato elettronico a soggetti esteri
    anche se non richiesto."""
    abroad = replace(
        demo.ROSSI, denominazione="Muster GmbH", id_paese="DE", id_codice="123456789", codice_fiscale=None,
        nazione="DE", provincia=None, cap="00000",
    )  # fmt: skip
    publish(desk, CONSEGNATO={"in_esterometro": True})
    document = desk.save(desk.draft(cessionario=abroad, codice_destinatario="XXXXXXX"))
    send(desk, document)
    tell(desk, document, "RC")
    [found] = gestionale.call("get", "documents?check=in_esterometro")["documents"]
    whole = gestionale.call("get", f"documents/{found['id']}")
    assert whole["codice_destinatario"] == "XXXXXXX"
    assert whole["draft"]["cessionario"]["id_paese"] == "DE"


@sentence(31)
def test_conservazione_sostitutiva_vengono_richieste_le_informazioni(
    desk: Desk, client: Client, gestionale: Program
) -> None:
    """Check "Conservazione sostitutiva:" attivando questo check vengono richieste le informazioni relative
    alla conservazione sostitutiva per le fatture in questo stato."""
    document = put(desk, "IN_ATTESA_ESITO")
    assert "Dati di conservazione" not in html(client, f"/entrate/{document.pk}/")
    publish(desk, IN_ATTESA_ESITO={"preserved": True})
    assert "Indica i dati di conservazione" in html(client, f"/entrate/{document.pk}/")
    sent = {
        "azienda": desk.company.pk, "versione": "0", "tempo_di_conservazione": "20", "id_aggregazione": "F-1",
    }  # fmt: skip
    assert client.post(f"/entrate/{document.pk}/conservazione/", sent).status_code == 302
    told = gestionale.call("get", f"documents/{document.pk}")
    assert told["preservation"]["tempo_di_conservazione"] == 20
    assert told["preservation"]["saved_by"] == "Laura Conti"
    assert "Fascicolo o serie: F-1." in told["history"][-1]["message"]


@sentence(32)
def test_stato_di_tipo_finale_per_fatture_consegnate(desk: Desk, client: Client, gestionale: Program) -> None:
    """(Ad esempio una stato di tipo finale per fatture consegnate)."""
    document = desk.save()
    send(desk, document)
    assert gestionale.call("get", f"documents/{document.pk}")["preservation"] is None
    tell(desk, document, "RC")
    told = gestionale.call("get", f"documents/{document.pk}")
    assert (told["state"]["type"], told["state"]["preserved"]) == ("Finale", True)
    assert told["preservation"]["open"] and told["preservation"]["version"] == 0
    answers = {"version": 0, "riservato": True}
    gestionale.call("put", f"documents/{document.pk}/preservation", answers)
    assert gestionale.status == 200
    assert "Salvati da Contabilità" in html(client, f"/entrate/{document.pk}/")
    assert f'id="row-{document.pk}"' in html(client, "/entrate/?solo=conservazione")


@sentence(33)
def test_riservato_e_possibile_visualizzare_il_tab_permessi(desk: Desk, boss: Actor, staff: Client) -> None:
    """Check "Riservato:" attivando questo check è possibile visualizzare il TAB "Permessi" al fine di
    gestire le sicurezze sugli stati."""
    page = html(staff, f"{STATES}stato/SCARTATO_SDI/")
    head = page.split('id="permessi"')[1].split(">")[0]
    assert 'data-tab="Permessi"' in head and 'data-tab-needs="reserved"' in head
    sent = state_form(desk.company.pk, "SCARTATO_SDI", reserved="1")
    sent |= {f"reserved_users-user:{boss.user_id}": "1"}
    assert staff.post(f"{STATES}stato/SCARTATO_SDI/", sent).status_code == 302
    state = configuration.proposal(desk.company.pk).workflow.states["SCARTATO_SDI"]
    assert (state.reserved, state.reserved_users) == (True, (f"user:{boss.user_id}",))


@sentence(34)
def test_documento_emesso_saranno_filtrabili_per_la_contabilizzazione(
    desk: Desk, client: Client, gestionale: Program
) -> None:
    """Check "Documento emesso:" attivando questo check i relativi documenti saranno filtrabili per la
    contabilizzazione da ciclo vendite del gestionale di origine"""
    waiting, issued = desk.save(), desk.save()
    send(desk, issued)
    tell(desk, issued, "RC")
    found = gestionale.call("get", "documents?check=issued")["documents"]
    assert [row["id"] for row in found] == [issued.pk]
    page = html(client, "/entrate/?solo=emessi")
    assert f'id="row-{issued.pk}"' in page and f'id="row-{waiting.pk}"' not in page
