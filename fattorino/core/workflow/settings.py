"""The settings of a state in the words of the source: one table for the form, the file, the diff and the lint.

Source: source-documents/stati-adempimenti.txt; `help` is short enough to stand beside the field.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fattorino.core.texts import say, together
from fattorino.core.workflow.definition import Dashboard

Part = Literal[
    "comuni", "tipo", "check", "abilitazioni", "notifiche", "permessi", "azioni", "passive", "assegnare"
]

DASHBOARD_LABELS: dict[Dashboard, str] = {
    Dashboard.ACTIVE_PA: say("Fatture attive verso PA"),
    Dashboard.ACTIVE_PRIVATE: say("Fatture attive verso privati"),
    Dashboard.PASSIVE: say("Fatture passive"),
    Dashboard.LIPE: say("Liquidazioni IVA"),
    Dashboard.DATI_FATTURE: say("Dati fatture"),
}


def quoted(*names: str) -> str:
    """Names one after the other, in the quotation marks of the language in which they are said."""
    return together(*(say("«{label}»", label=name) for name in names), by=", ")


# What the check of "Notifiche" is called for each dashboard.
NOTICE_LABELS: dict[Dashboard, str] = {
    Dashboard.ACTIVE_PA: say("Invia notifica per fattura emessa verso PA"),
    Dashboard.ACTIVE_PRIVATE: say("Invia notifica per fattura emessa verso privati"),
    Dashboard.PASSIVE: say("Invia notifica per fatture ricevute"),
    Dashboard.LIPE: say("Invia notifica per invio liquidazione IVA"),
    Dashboard.DATI_FATTURE: say("Invia notifica per invio comunicazione dati fatture"),
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a state.

    Attributes:
        name: attribute of State ("from_hub"), or "active.confirmed" for one of its rules.
        key: what it is called in the exported file.
        label, help: as pages show them, in Italian.
        part: the part of the settings page it belongs to.
    """

    name: str
    key: str
    label: str
    part: Part
    help: str = ""


_ACTION_HELP = say("Che cosa si può eseguire su un documento in questo stato.")
_CONFIRMED_HELP = say("Lo stato del documento quando l'azione va a buon fine.")
_FAILED_HELP = say("Lo stato quando l'azione non va a buon fine; tipicamente rimane il precedente.")
_CHANGE_HELP = say(
    "Permette di cambiare lo stato a mano; serve anche «Attribuibile da gestionale»."
    " Con il motivo obbligatorio chi cambia stato deve scriverlo."
)
_AUTOMATIC_HELP = say("L'azione parte da sé quando il documento entra nello stato dopo un'azione riuscita.")

SETTINGS: tuple[Setting, ...] = (
    Setting("label", "descrizione", say("Descrizione"), "comuni", say("Il nome dello stato, come appare a tutti.")),
    Setting(
        "tab", "tab", say("Nome tab di visualizzazione"), "comuni",
        say("Il tab della dashboard in cui lo stato appare."),
    ),
    Setting("order", "ordine", say("Numero campo per ordinamento gadget"), "comuni", say("Ordina i gadget nel tab.")),
    Setting("gadget_label", "descrizione_gadget", say("Descrizione da visualizzare nel gadget"), "comuni"),
    Setting("icon", "immagine", say("Immagine da visualizzare nel gadget"), "comuni"),
    Setting("colour", "colore", say("Colore da assegnare al gadget"), "comuni"),
    Setting("tooltip", "tooltip", say("Tooltip da visualizzare nel gadget"), "comuni"),
    Setting(
        "type", "tipo", say("Tipo stato"), "tipo",
        say("Iniziale: dove i documenti entrano; Intermedio: dove si lavorano; Finale: dove l'iter si conclude."),
    ),
    Setting(
        "deadline", "termine", say("Termine"), "tipo",
        say("Promemoria della scadenza, mostrato accanto allo stato."),
    ),
    Setting(
        "from_gestionale", "attribuibile_da_gestionale", say("Attribuibile da gestionale"), "check",
        say("Lo stato può essere attribuito dal gestionale, o da una persona con «Cambia stato»."),
    ),
    Setting(
        "from_hub", "aggiornabile_da_digital_hub", say("Aggiornabile da Digital Hub"), "check",
        say("Gli esiti di Digital Hub attribuiscono lo stato. Se è l'unico check attivo, non si cambia a mano."),
    ),
    Setting(
        "asynchronous", "modalita_asincrona", say("Modalità asincrona"), "check",
        say("Digital Hub acquisisce i documenti in autonomia. Obbligatoria dove l'azione invia a Digital Hub."),
    ),
    Setting(
        "confirms", "conferma_documento", say("Conferma documento"), "check",
        say("Entrando nello stato un documento provvisorio diventa confermato."),
    ),
    Setting(
        "in_esterometro", "comunica_in_esterometro", say("Comunica in esterometro"), "check",
        say(
            "I documenti in questo stato si estraggono per l'esterometro anche se già inviati come fattura"
            " elettronica."
        ),
    ),
    Setting(
        "preserved", "conservazione_sostitutiva", say("Conservazione sostitutiva"), "check",
        say("Per i documenti in questo stato si chiedono i dati di conservazione."),
    ),
    Setting(
        "reserved", "riservato", say("Riservato"), "check",
        say("Lo stato e i suoi documenti esistono solo per i gruppi e gli utenti indicati in Permessi."),
    ),
    Setting(
        "issued", "documento_emesso", say("Documento emesso"), "check",
        say("I documenti in questo stato si filtrano per la contabilizzazione dal ciclo vendite del gestionale."),
    ),
    Setting(
        "dashboards", "abilitazioni", say("Abilitazioni"), "abilitazioni",
        say("Le dashboard nelle quali lo stato può essere utilizzato."),
    ),
    Setting(
        "hidden_from_bulk", "non_disponibile_per_invio_massivo", say("Non è disponibile per l'invio massivo"),
        "abilitazioni",
        say("Lo stato non appare sulla dashboard, anche se è gestito."),
    ),
    Setting(
        "notices", "notifiche", say("Notifiche"), "notifiche",
        say("Il gruppo organizzativo da avvisare quando un documento passa a questo stato."),
    ),
    Setting(
        "reserved_groups", "gruppi", say("Gruppi di sicurezza"), "permessi",
        say("Chi vede e gestisce i documenti in questo stato."),
    ),
    Setting(
        "reserved_users", "utenti", say("Utenti"), "permessi",
        say("Chi vede e gestisce i documenti in questo stato."),
    ),
    Setting("active.action", "azione", say("Azioni eseguibili"), "azioni", _ACTION_HELP),
    Setting("active.confirmed", "confermata", say("Stato azione confermata"), "azioni", _CONFIRMED_HELP),
    Setting("active.failed", "abortita", say("Stato azione abortita"), "azioni", _FAILED_HELP),
    Setting("active.change_state", "cambio_stato", say("Cambio stato"), "azioni", _CHANGE_HELP),
    Setting("active.reason_required", "motivo_obbligatorio", say("Motivo obbligatorio"), "azioni"),
    Setting("active.automatic", "automatica", say("Esegui da sé"), "azioni", _AUTOMATIC_HELP),
    Setting("passive.action", "azione", say("Azioni eseguibili (passive)"), "passive", _ACTION_HELP),
    Setting("passive.confirmed", "confermata", say("Stato azione confermata (passive)"), "passive", _CONFIRMED_HELP),
    Setting("passive.failed", "fallita", say("Stato azione fallita (passive)"), "passive", _FAILED_HELP),
    Setting("passive.change_state", "cambio_stato", say("Cambia stato (passive)"), "passive", _CHANGE_HELP),
    Setting("passive.reason_required", "motivo_obbligatorio", say("Motivo obbligatorio (passive)"), "passive"),
    Setting("passive.automatic", "automatica", say("Esegui da sé (passive)"), "passive", _AUTOMATIC_HELP),
    Setting(
        "assignable", "stati_da_assegnare", say("Stati da assegnare"), "assegnare",
        say("Gli stati offerti da «Cambia stato». Nessuno indicato: tutti quelli con le stesse abilitazioni."),
    ),
    Setting(
        "retired_to", "ritirato_verso", say("Ritirato verso"), "tipo",
        say("Lo stato non si usa più: i suoi documenti passano allo stato indicato."),
    ),
)  # fmt: skip

BY_NAME = {setting.name: setting for setting in SETTINGS}
