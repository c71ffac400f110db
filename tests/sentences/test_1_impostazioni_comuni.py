"""What states are for, and the settings that all companies of the installation share."""

from __future__ import annotations

import io
import re

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from fattorino.organisations.queries import Actor
from fattorino.workflow import overview, queries
from fattorino.workflow.models import StateLook
from tests.desk import Desk
from tests.sentences.office import DF, LI, came, dress, gadget, html, publish, send, state_of, tell
from tests.sentences.source import sentence
from tests.workflow.settings_pages import STATES


@sentence(1)
def test_stati_adempimenti(staff: Client) -> None:
    """Stati adempimenti"""
    page = html(staff, STATES)
    assert "Stati adempimento" in page
    for state in ("Da processare", "Scartato da SDI", "Consegnato", "Decorsi termini"):
        assert state in page


@sentence(2)
def test_lo_stato_viene_utilizzato_nella_gestione_fatture_liquidazione_iva_dati_iva(desk: Desk) -> None:
    """Lo stato adempimento viene utilizzato nella gestione delle fatture elettroniche, nella comunicazione
    liquidazione IVA e nella comunicazione dati IVA."""
    documents = [desk.save(), desk.save(desk.pa_draft()), came(desk, LI), came(desk, DF)]
    assert {desk.state(document) for document in documents} == {"DA_PROCESSARE"}
    for document in documents:
        assert queries.possibilities(document, desk.actor).action_label == "Genera XML e invia"


@sentence(3)
def test_gli_stati_hanno_una_tipologia_iniziali_intermedi_finale(desk: Desk) -> None:
    """Gli stati hanno una tipologia, ci sono gli stati iniziali che vengono assegnati al momento in cui ad
    esempio una fattura viene inserita nella Dashboard, degli stati intermedi utilizzati quando il documento
    è in fase di lavorazione oppure invio allo SDI e lo stato finale utilizzato quando il documento è stato
    consegnato/accettato."""
    document = desk.save()
    assert state_of(desk, document)["type"] == "Iniziale"
    send(desk, document)
    assert state_of(desk, document)["type"] == "Intermedio"
    tell(desk, document, "RC")
    assert (desk.state(document), state_of(desk, document)["type"]) == ("CONSEGNATO", "Finale")


@sentence(4)
def test_dipende_la_possibilita_di_modificare_ricevere_concludere(desk: Desk) -> None:
    """È necessario porre molta attenzione alla configurazione degli stati perché da questi dipende la
    possibilità di modificare un dato, ricevere delle informazioni da Digital Hub, concludere un iter."""
    document = desk.save()
    assert queries.possibilities(document, desk.actor).may_edit
    publish(desk, DA_PROCESSARE={"active": {"action": "NESSUNA"}})
    assert not queries.possibilities(document, desk.actor).may_edit
    publish(desk, CONSEGNATO={"from_hub": False})
    send(desk, document)
    tell(desk, document, "RC")
    assert desk.state(document) == "IN_ELABORAZIONE"
    publish(desk)
    tell(desk, document, "RC")
    assert state_of(desk, document)["type"] == "Finale"


@sentence(5)
def test_informazioni_principali_richieste(staff: Client) -> None:
    """Veniamo di seguito alle informazioni principali richieste dalla gestione:"""
    headings = re.findall(r"<h2>([^<]+)</h2>", html(staff, f"{STATES}stato/DA_PROCESSARE/"))
    assert headings[:8] == [
        "Impostazioni comuni",
        "Impostazioni aziendali",
        "Abilitazioni",
        "Notifiche",
        "Permessi",
        "Azioni",
        "Azioni per dashboard passiva",
        "Stati da assegnare",
    ]


@sentence(6)
def test_impostazioni_comuni(staff: Client, boss: Actor, other_desk: Desk) -> None:
    """IMPOSTAZIONI COMUNI"""
    dress(staff, "CONSEGNATO", label="Arrivata")
    for company in (boss.company_id, other_desk.company.pk):
        assert StateLook.objects.get(code="CONSEGNATO").label == "Arrivata", company
    assert "Arrivata" in html(staff, f"{STATES}comuni/")


@sentence(7)
def test_codice_e_descrizione_informazioni_libere(staff: Client) -> None:
    """Codice e descrizione: informazioni libere per definire uno stato."""
    new = {
        "code": "VISTO_2", "label": "Visto dal tesoriere: «sì», è così & basta", "tab": "In attesa", "order": "5",
        "colour": "#1c6ea4", "image": "icon", "icon": "it-flag",
    }  # fmt: skip
    assert staff.post(f"{STATES}comuni/nuovo/", new).status_code == 302
    look = overview.look("VISTO_2")
    assert look is not None and look.label == new["label"]


@sentence(8)
def test_configurazione_dashboard(staff: Client) -> None:
    """Configurazione dashboard"""
    page = html(staff, f"{STATES}comuni/CONSEGNATO/")
    for name in ("tab", "order", "gadget_label", "image", "icon", "colour", "tooltip"):
        assert f'name="{name}"' in page, name


@sentence(9)
def test_nome_tab_di_visualizzazione(staff: Client, client: Client) -> None:
    """Nome tab di visualizzazione: indicare il tab della dashboard sul quale tale stato deve essere
    visibile."""
    dress(staff, "CONSEGNATO", tab="Archivio")
    page = html(client, "/dashboard/privati/")
    panel = page.split('role="tabpanel"')[1:]
    names = [name.strip() for name in re.findall(r'role="tab" [^>]*>([^<]+) <', page)]
    assert 'data-count="CONSEGNATO"' in panel[names.index("Archivio")]
    assert 'data-count="CONSEGNATO"' not in panel[names.index("Iter completato")]


@sentence(10)
def test_la_dashboard_e_completamente_configurabile(staff: Client, client: Client) -> None:
    """La dashboard relativa alla fatturazione elettronica e comunicazioni dati IVA è completamente
    configurabile dall'utente."""
    for look in overview.looks():
        dress(staff, look.code, tab="Tutto qui")
    for slug in ("pa", "privati", "lipe", "dati-fatture"):
        assert re.findall(r'role="tab" [^>]*>([^<]+) <', html(client, f"/dashboard/{slug}/")) == ["Tutto qui"]


@sentence(11)
def test_numero_campo_per_ordinamento_gadget(staff: Client, client: Client) -> None:
    """Numero campo per ordinamento gadget: se all'interno di un tab della dashboard abbiamo diversi stati è
    possibile ordinarne la visualizzazione tramite questo campo."""

    def order() -> list[str]:
        return re.findall(r'data-count="(\w+)"', html(client, "/dashboard/privati/"))

    assert order().index("DA_PROCESSARE") < order().index("SCARTATO_SDI")
    dress(staff, "SCARTATO_SDI", order="1")
    assert order()[0] == "SCARTATO_SDI"


@sentence(12)
def test_descrizione_da_visualizzare_nel_gadget(staff: Client, client: Client) -> None:
    """Descrizione da visualizzare nel gadget: è possibile impostare una descrizione da visualizzare nel
    gadget in dashboard."""
    dress(staff, "CONSEGNATO", gadget_label="A posto")
    assert "A posto" in gadget(html(client, "/dashboard/privati/"), "CONSEGNATO")


@sentence(13)
def test_immagine_da_visualizzare_nel_gadget(staff: Client, client: Client) -> None:
    """Immagine da visualizzare nel gadget: è possibile impostare una Immagine da visualizzare nel gadget in
    dashboard."""
    drawn = io.BytesIO()
    Image.new("RGB", (64, 64), "#1c6ea4").save(drawn, "PNG")
    dress(staff, "CONSEGNATO", image="upload", immagine=SimpleUploadedFile("a.png", drawn.getvalue()))
    look = overview.look("CONSEGNATO")
    assert look is not None
    picture = f"{STATES}immagini/{look.image_sha256}.png"
    assert picture in gadget(html(client, "/dashboard/privati/"), "CONSEGNATO")
    assert client.get(picture).headers["Content-Type"] == "image/png"


@sentence(14)
def test_colore_da_assegnare_al_gadget(staff: Client, client: Client) -> None:
    """Colore da assegnare al gadget: è possibile impostare un colore da assegnare al gadget in dashboard."""
    dress(staff, "CONSEGNATO", colour="#7b1fa2")
    assert 'fill="#7b1fa2"' in gadget(html(client, "/dashboard/privati/"), "CONSEGNATO")


@sentence(15)
def test_tooltip_da_visualizzare_nel_gadget(staff: Client, client: Client) -> None:
    """Tooltip da visualizzare nel gadget: è possibile impostare un Tooltip da visualizzare nel gadget in
    dashboard."""
    dress(staff, "CONSEGNATO", tooltip="La ricevuta è arrivata")
    page = html(client, "/dashboard/privati/")
    tip = re.search(r'role="tooltip" id="([^"]+)">La ricevuta è arrivata<', page)
    assert tip and f'aria-describedby="{tip[1]}"' in page
