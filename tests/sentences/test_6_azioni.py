"""What can be done in a state, and where it leads."""

from __future__ import annotations

import pytest
from django.test import Client

from fattorino.core.errors import RefusedError
from fattorino.core.workflow.definition import Action
from fattorino.workflow import actions, flows, queries
from fattorino.workflow.actions import ActionResult, ActionRun
from fattorino.workflow.models import Document, PendingAction
from tests.desk import Desk, run_jobs
from tests.documents.passive.arrived import arrive
from tests.sentences.office import html, options, publish, put, section, send, tell
from tests.sentences.source import sentence
from tests.workflow.settings_pages import STATES


def offered(desk: Desk, document: Document) -> str:
    can = queries.possibilities(Document.objects.get(pk=document.pk), desk.actor)
    return can.action_label if can.action_offered else ""


def targets(desk: Desk, document: Document) -> set[str]:
    can = queries.possibilities(Document.objects.get(pk=document.pk), desk.actor)
    return {view.code for view in can.targets}


def ends(desk: Desk, document: Document, *, ok: bool) -> None:
    """The action under way comes to its end."""
    pending = PendingAction.objects.get(document=document, finished_at=None)
    result = ActionResult(ok, "Fatto." if ok else "Non riuscito.")
    flows.finish_action(pending.pk, desk.company.pk, result, now=desk.now)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be handed to the gestionale."""

    def act(run: ActionRun) -> ActionResult:
        return ActionResult(False, "Il gestionale non risponde.")

    table = {**actions.table(), Action.TO_GESTIONALE: act}
    monkeypatch.setattr(actions, "table", lambda: table)


@sentence(47)
def test_azioni(staff: Client) -> None:
    """Azioni"""
    part = section(html(staff, f"{STATES}stato/DA_PROCESSARE/"), "azioni")
    assert "<h2>Azioni</h2>" in part
    for name in ("active-action", "active-confirmed", "active-failed", "active-change_state"):
        assert f'name="{name}"' in part, name


@sentence(48)
def test_azioni_eseguibili_stabilisce_quale_azione_puo_essere_eseguita(desk: Desk, client: Client) -> None:
    """Azioni eseguibili: la casella combinata stabilisce quale azione può essere eseguita su una fattura o
    su una comunicazione che ha questo stato."""
    document = desk.save()
    assert "Genera XML e invia</button>" in html(client, f"/entrate/{document.pk}/")
    publish(desk, DA_PROCESSARE={"active": {"action": "VALIDA"}})
    page = html(client, f"/entrate/{document.pk}/")
    assert "Valida</button>" in page and "Genera XML e invia</button>" not in page
    sent = {"azienda": desk.company.pk, "azione": "GENERA_XML_INVIA_HUB"}
    assert client.post(f"/entrate/{document.pk}/azione/", sent).status_code == 409
    client.post(f"/entrate/{document.pk}/azione/", sent | {"azione": "VALIDA"})
    assert PendingAction.objects.get(document=document).action == "VALIDA"


@sentence(49)
def test_si_puo_eseguire_la_funzione_di_generazione_di_invio_di_validazione_di_firma(desk: Desk) -> None:
    """Ad esempio sullo stato "sa processare" si può eseguire la funzione di generazione file XML, di invio
    a DHZ, di validazione, di firma ecc."""
    begun = []
    for action in ("GENERA_XML", "GENERA_XML_INVIA_HUB", "INVIA_HUB", "VALIDA", "FIRMA", "CONFERMA"):
        publish(desk, DA_PROCESSARE={"active": {"action": action}})
        document = desk.save()
        desk.press(document)
        begun.append(PendingAction.objects.get(document=document).action)
    assert begun == ["GENERA_XML", "GENERA_XML_INVIA_HUB", "INVIA_HUB", "VALIDA", "FIRMA", "CONFERMA"]


@sentence(50)
def test_scartato_da_sdi_deve_essere_corretta_dall_utente_e_poi_ripresentata(desk: Desk) -> None:
    """Anche sullo stato "Scartato da SDI" deve essere indicata come azione "Genera XML e invia a Digital
    Hub" in quanto la fattura in questo stato deve essere corretta dall'utente, in base al motivo di scarto,
    e poi ripresentata."""
    document = desk.save()
    send(desk, document)
    tell(desk, document, "NS")
    assert (desk.state(document), offered(desk, document)) == ("SCARTATO_SDI", "Genera XML e invia")
    corrected = desk.draft(causale=("Importo corretto",))
    desk.save(corrected, document_id=document.pk, version=document.version)
    send(desk, document)
    assert desk.state(document) == "IN_ELABORAZIONE"
    tell(desk, document, "RC")
    assert desk.state(document) == "CONSEGNATO"


@sentence(51)
def test_sugli_stati_di_tipo_finale_si_indica_nessuna(desk: Desk, staff: Client) -> None:
    """Sugli stati di tipo "finale" invece normalmente non si può eseguire alcuna operazione, quindi come
    azione si indica "nessuna"."""
    document = put(desk, "CONSEGNATO")
    assert offered(desk, document) == ""
    with pytest.raises(RefusedError, match="non c'è alcuna azione"):
        desk.press(document)
    page = html(staff, f"{STATES}stato/CONSEGNATO/")
    combo = page.split('<select id="active-action"')[1].split("</select>")[0]
    assert '<option value="NESSUNA" selected>Nessuna</option>' in combo
    # The check of the configuration remarks on a final state with an action.
    assert "è uno stato finale, ma ha" in html(staff, f"{STATES}controlla/")


@sentence(52)
def test_i_valori_che_puo_assumere_la_casella_combinata(staff: Client) -> None:
    """Di seguito i valori che può assumere la casella combinata:"""
    page = html(staff, f"{STATES}stato/DA_PROCESSARE/")
    labels = [
        label.removesuffix(" (non disponibile in questa installazione)")
        for label in options(page, "active-action")
    ]
    assert len(labels) == 11
    for shown, wanted in zip(
        labels,
        ("Nessuna", "Genera XML", "Genera XML e invia", "Invia di nuovo", "Valida", "Firma", "Conferma",
         "Carica ricevuta", "Avvisa il cliente", "Chiudi l'iter", "Sincronizza con Digital Hub"),
        strict=True,
    ):  # fmt: skip
        assert shown.startswith(wanted), shown


@sentence(53)
def test_stato_azione_confermata_se_e_andata_a_buon_fine(desk: Desk) -> None:
    """Stato azione confermata: se l'azione indicata nella casella combinata precedente è andata a buon fine
    viene associato alla fattura o comunicazione lo stato definito sull'azione confermata."""
    publish(desk, DA_PROCESSARE={"active": {"confirmed": "TRASMESSO_MANUALE", "failed": "ANNULLATO"}})
    document = desk.save()
    desk.press(document)
    ends(desk, document, ok=True)
    assert desk.state(document) == "TRASMESSO_MANUALE"


@sentence(54)
def test_stato_azione_abortita_se_non_va_a_buon_fine_tipicamente_il_precedente(desk: Desk) -> None:
    """Stato azione abortita: se l'azione indicata nella casella combinata "azioni eseguibili" non va a buon
    fine viene associato alla fattura o comunicazione questo stato, che tipicamente rimane il precedente."""
    document = desk.save()
    desk.press(document)
    ends(desk, document, ok=False)
    assert desk.state(document) == "DA_PROCESSARE"
    publish(desk, DA_PROCESSARE={"active": {"confirmed": "TRASMESSO_MANUALE", "failed": "ERRORE_INVIO"}})
    desk.press(document)
    ends(desk, document, ok=False)
    assert desk.state(document) == "ERRORE_INVIO"


@sentence(55)
def test_ad_esempio_nello_stato_da_processare_finche_non_viene_sistemata_la_fattura_e_re_inviata(
    desk: Desk,
) -> None:
    """Ad esempio nello stato "da processare" indichiamo come azione eseguibile "Genera XML e invia a
    Digital Hub", se questa va a buon fine l'azione successiva che viene indicata è "da validare", se la
    prima azione non va a buon fine per qualsiasi motivo, viene associato lo stato indicato nell'azione
    fallita ("da processare" uguale al precedente) finché non viene sistemata la fattura e re-inviata."""
    publish(desk, DA_VALIDARE={"active": {"automatic": False}})
    document = desk.save()
    for _ in range(2):
        desk.press(document)
        ends(desk, document, ok=False)
        assert (desk.state(document), offered(desk, document)) == ("DA_PROCESSARE", "Genera XML e invia")
    desk.save(desk.draft(causale=("Sistemata",)), document_id=document.pk, version=document.version)
    send(desk, document)
    assert (desk.state(document), offered(desk, document)) == ("DA_VALIDARE", "Valida")


@sentence(56)
def test_cambio_stato_per_riportarlo_in_stato_da_processare_ed_apportare_modifiche_per_poi_ripetere(
    desk: Desk, client: Client
) -> None:
    """Cambio stato: se attivo, sarà possibile modificare lo stato di un documento, ad esempio per
    riportarlo in stato "Da processare" ed apportare delle modifiche per poi ripetere l'iter."""
    document = put(desk, "ERRORE_INVIO")
    sent = {"azienda": desk.company.pk, "stato": "DA_PROCESSARE", "motivo": "da correggere"}
    assert client.post(f"/entrate/{document.pk}/stato/", sent).status_code == 302
    assert desk.state(document) == "DA_PROCESSARE"
    desk.save(desk.draft(causale=("Corretta",)), document_id=document.pk, version=document.version)
    send(desk, document)
    assert desk.state(document) == "IN_ELABORAZIONE"


@sentence(57)
def test_se_non_attivo_non_puo_essere_usata_la_funzione_di_cambia_stato(desk: Desk, client: Client) -> None:
    """Se non attivo non può essere usata la funzione di cambia stato perché ad esempio il documento è già
    stato inviato a SDI e non deve essere modificato."""
    document = desk.save()
    send(desk, document)
    assert "Cambia stato" not in html(client, f"/entrate/{document.pk}/")
    sent = {"azienda": desk.company.pk, "stato": "DA_PROCESSARE"}
    assert client.post(f"/entrate/{document.pk}/stato/", sent).status_code == 409
    assert desk.state(document) == "IN_ELABORAZIONE"


@sentence(58)
def test_in_abbinamento_con_attribuibile_da_gestionale_sia_il_cambia_stato_sia_il_check(desk: Desk) -> None:
    """Questa casella combinata è in abbinamento con il check "Attribuibile da gestionale", se vogliamo
    cambiare lo stato di una fattura va attivato sia il cambia stato, sia il check di attribuzione dello
    stato sul gestionale, altrimenti non è possibile modificare lo stato del documento."""
    allowed = []
    for change in (True, False):
        for check in (True, False):
            publish(desk, DA_PROCESSARE={"from_gestionale": check, "active": {"change_state": change}})
            document = desk.save()
            try:
                flows.choose_state(document.pk, "ANNULLATO", desk.actor, now=desk.now)
            except RefusedError:
                assert targets(desk, document) == set()
            else:
                allowed.append((change, check))
    assert allowed == [(True, True)]


@sentence(59)
def test_azioni_per_dashboard_passiva(staff: Client) -> None:
    """Azioni per dashboard passiva"""
    part = section(html(staff, f"{STATES}stato/RICEVUTO/"), "passive")
    assert "<h2>Azioni per dashboard passiva</h2>" in part
    for name in ("passive-action", "passive-confirmed", "passive-failed", "passive-change_state"):
        assert f'name="{name}"' in part, name


@sentence(60)
def test_azioni_eseguibili_su_questo_stato_per_la_fatturazione_passiva(desk: Desk) -> None:
    """Azioni eseguibili: in questa casella combinata può essere impostata l'azione da eseguire su questo
    stato per quanto riguarda la fatturazione passiva."""
    document = arrive(desk, pa=False)
    assert offered(desk, document) == "Invia a gestionale"
    publish(desk, RICEVUTO={"passive": {"action": "ARCHIVIA"}})
    assert offered(desk, document) == "Archivia"


@sentence(61)
def test_comune_sia_per_la_fattura_attiva_sia_per_la_passiva_ma_le_azioni_sono_differenti(
    desk: Desk,
) -> None:
    """Lo stato, infatti, può essere comune sia per la fattura attiva, sia per la fattura passiva, ma
    ovviamente le azioni eseguibile sono differenti."""
    passive = {"action": "ARCHIVIA", "confirmed": "CONTABILIZZATO", "failed": "DA_PROCESSARE"}
    publish(desk, DA_PROCESSARE={"dashboards": ["PA", "PR", "PS", "LI", "DF"], "passive": passive})
    issued, received = desk.save(), arrive(desk, pa=False)
    Document.objects.filter(pk=received.pk).update(state="DA_PROCESSARE")
    assert (offered(desk, issued), offered(desk, received)) == ("Genera XML e invia", "Archivia")
    desk.press(received)
    run_jobs()
    assert (desk.state(issued), desk.state(received)) == ("DA_PROCESSARE", "CONTABILIZZATO")


@sentence(62)
def test_la_casella_combinata_puo_assumere_i_valori(staff: Client) -> None:
    """La casella combinata può assumere i valori:"""
    labels = options(html(staff, f"{STATES}stato/RICEVUTO/"), "passive-action")
    for shown, wanted in zip(
        labels,
        ("Nessuna", "Accetta o rifiuta", "Accetta", "Rifiuta", "Invia a gestionale", "Contabilizza",
         "Prepara integrazione", "Archivia"),
        strict=True,
    ):  # fmt: skip
        assert shown.startswith(wanted), shown


@sentence(63)
def test_stato_azione_confermata_se_l_azione_va_a_buon_fine(desk: Desk) -> None:
    """Stato azione confermata: indicare lo stato da attribuire se l'azione va a buon fine."""
    document = arrive(desk, pa=False)
    desk.press(document)
    run_jobs()
    assert desk.state(document) == "DA_CONTABILIZZARE"


@sentence(64)
def test_stato_azione_fallita_se_l_azione_non_va_a_buon_fine(desk: Desk, broken: None) -> None:
    """Stato azione fallita: indicare lo stato da attribuire se l'azione non va a buon fine."""
    publish(desk, RICEVUTO={"passive": {"failed": "RICEVUTO_DA_ESITARE"}})
    document = arrive(desk, pa=False)
    desk.press(document)
    run_jobs()
    assert desk.state(document) == "RICEVUTO_DA_ESITARE"


@sentence(65)
def test_cambia_stato_sara_possibile_dall_azione_di_riga(desk: Desk, client: Client) -> None:
    """Cambia stato: se attivo sarà possibile eseguire l'operazione di cambia stato dall'azione di riga."""
    assert queries.row_actions(desk.actor, {("PS", "RICEVUTO")})["PS", "RICEVUTO"].changes_state
    received = arrive(desk, pa=False)
    flows.choose_state(received.pk, "DA_CONTABILIZZARE", desk.actor, now=desk.now)
    assert desk.state(received) == "DA_CONTABILIZZARE"
    publish(desk, RICEVUTO={"passive": {"change_state": False}})
    assert not queries.row_actions(desk.actor, {("PS", "RICEVUTO")})["PS", "RICEVUTO"].changes_state
    with pytest.raises(RefusedError):
        flows.choose_state(arrive(desk, "78", pa=False).pk, "DA_CONTABILIZZARE", desk.actor, now=desk.now)
