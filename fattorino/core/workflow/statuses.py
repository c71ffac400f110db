"""The statuses that may arrive for a document, in words: what the Hub, SdI, the Agenzia and the gestionale can tell.

Sources: Specifiche SdI 1.8.1 point 4.5, Provv. 89757/2018 (receipts), LIPE and dati fatture outcomes (EsitoFile).
"""

from __future__ import annotations

from dataclasses import dataclass

from fattorino.core.texts import say
from fattorino.core.workflow.definition import Dashboard

_PA, _PR, _PS = Dashboard.ACTIVE_PA, Dashboard.ACTIVE_PRIVATE, Dashboard.PASSIVE
_SENT = (_PA, _PR, Dashboard.LIPE, Dashboard.DATI_FATTURE)
_FILED = (Dashboard.LIPE, Dashboard.DATI_FATTURE)


@dataclass(frozen=True, slots=True)
class Status:
    """One status: its code, what it means, the dashboards whose documents can meet it."""

    code: str
    label: str
    dashboards: frozenset[Dashboard]


def _status(code: str, label: str, *dashboards: Dashboard) -> Status:
    return Status(code, label, frozenset(dashboards))


_ALL = (
    _status("HUB_PRESO_IN_CARICO", say("Preso in carico da Digital Hub"), *_SENT),
    _status("HUB_DA_INTEGRARE", say("Dati mancanti secondo Digital Hub"), *_SENT),
    _status("HUB_ERRORE", say("Trasmissione non riuscita"), *_SENT),
    _status("SDI_PRESO_IN_CARICO", say("Preso in carico dal Sistema di Interscambio"), *_SENT),
    _status("NS", say("Notifica o ricevuta di scarto"), _PA, _PR),
    _status("RC", say("Ricevuta di consegna"), _PA, _PR),
    _status("MC", say("Mancata consegna, o messa a disposizione"), _PA, _PR),
    _status("AT", say("Attestazione di trasmissione con impossibilità di recapito"), _PA),
    _status("NE_EC01", say("Accettata dalla pubblica amministrazione"), _PA),
    _status("NE_EC02", say("Rifiutata dalla pubblica amministrazione"), _PA),
    _status("DT", say("Decorrenza dei termini"), _PA, _PS),
    _status("MT_PRIV", say("Fattura ricevuta"), _PS),
    _status("MT_PA", say("Fattura ricevuta, da accettare o rifiutare"), _PS),
    _status("EC_INVIATO", say("Esito inviato al Sistema di Interscambio"), _PS),
    _status("EC01_OK", say("Accettazione registrata"), _PS),
    _status("EC02_OK", say("Rifiuto registrato"), _PS),
    _status("SE", say("Esito scartato dal Sistema di Interscambio"), _PS),
    _status("GEST_CONTABILIZZATO", say("Contabilizzata nel gestionale"), _PS),
    _status("ES01", say("File accolto dall'Agenzia delle Entrate"), *_FILED),
    _status("ES02", say("File accolto con segnalazioni"), *_FILED),
    _status("ES03", say("File scartato dall'Agenzia delle Entrate"), *_FILED),
    _status("NUOVO_INVIO_STESSO_PERIODO", say("Sostituito da un invio successivo"), *_FILED),
)
STATUSES = {status.code: status for status in _ALL}


def statuses_of(dashboard: Dashboard) -> frozenset[str]:
    """Codes of the statuses that a document of the dashboard can meet."""
    return frozenset(code for code, status in STATUSES.items() if dashboard in status.dashboards)


def status_label(code: str) -> str:
    """The words for a status; the code itself where it is one that we do not know."""
    return STATUSES[code].label if code in STATUSES else code
