"""*Registro delle modifiche*: the audit in words, by kind, without what is reserved to others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fattorino.core.texts import say
from fattorino.organisations import history
from fattorino.organisations.history import Entry, Wanted
from fattorino.organisations.queries import ROLES, Actor
from fattorino.workflow import queries
from fattorino.workflow.models import BulkRun, OutcomeSeen

# Kind of change, as addresses name it -> its label and all that the audit calls so.
# The rooms above this one are here by their words only.
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "stati": (
        say("Configurazione degli stati"),
        (
            say("stati: bozza modificata"),
            say("stati: bozza eliminata"),
            say("stati: bozza confermata sulla nuova versione"),
            say("stati: versione pubblicata"),
        ),
    ),
    "comuni": (
        say("Impostazioni comuni"),
        (say("stato creato"), say("impostazioni comuni di uno stato"), say("stato eliminato")),
    ),
    "gruppi": (say("Gruppi"), (say("gruppo creato"), say("gruppo modificato"), say("gruppo eliminato"))),
    "utenti": (
        say("Utenti"),
        (
            say("utente abilitato"),
            say("utente revocato"),
            say("amministratore dell'installazione"),
            say("amministratore dell'installazione tolto"),
            say("lingua scelta"),
            say("indirizzo da riprovare"),
        ),
    ),
    "azienda": (
        say("Dati dell'azienda"),
        (
            say("azienda creata"),
            say("azienda modificata"),
            say("firma delle fatture ai privati cambiata"),
            say("codici di ricezione impostati"),
        ),
    ),
    "chiavi": (
        say("Chiavi, token e canali"),
        (
            say("chiave di firma caricata"),
            say("chiave di firma tolta"),
            say("firma sospesa"),
            say("PIN rifiutato riproposto come giusto"),
            say("formato della firma cambiato"),
            say("token creato"),
            say("token revocato"),
            say("canale impostato"),
            say("canale attivato"),
            say("canale disattivato"),
            say("canale eliminato"),
            say("canale provato"),
            say("canale letto"),
            say("vie dei documenti scelte"),
            say("webhook aggiunto"),
            say("webhook eliminato"),
            say("webhook riattivato"),
            say("webhook sospeso"),
            say("webhook sospeso perché non risponde"),
            say("segreto di un webhook cambiato"),
        ),
    ),
    "invii": (
        say("Invii massivi"),
        (
            say("invio massivo avviato"),
            say("invio massivo: in corso"),
            say("invio massivo: in pausa"),
            say("invio massivo: annullato"),
            say("invio massivo: concluso"),
        ),
    ),
    "esiti": (
        say("Sincronizzazioni ed esiti"),
        (
            say("sincronizzazione"),
            say("esito non atteso visto"),
            say("messaggio di SdI abbinato a mano"),
            say("messaggio di SdI archiviato"),
            say("messaggio di SdI assegnato all'azienda"),
            say("messaggio di SdI riproposto"),
            say("differenza di un rapporto giornaliero chiarita"),
            say("esito di una risposta indicato a mano"),
        ),
    ),
    "passive": (
        say("Fatture ricevute"),
        (
            say("cartella sorvegliata"),
            say("cartella non più sorvegliata"),
            say("fattura ricevuta assegnata all'azienda"),
            say("fornitore confermato"),
        ),
    ),
}
# Kinds of which the installation, not a company, holds the changes.
OF_INSTALLATION = ("comuni", "utenti")
OF_COMPANY = tuple(kind for kind in KINDS if kind != "comuni")
_WORDS: dict[str, str] = {what: what for _label, whats in KINDS.values() for what in whats}
_FACTS: dict[str, str] = {
    "name": say("nome o denominazione"),
    "email": say("e-mail"),
    "role": say("ruolo"),
    "sessions": say("accessi chiusi"),
    "users": say("persone"),
    "user": say("persona"),
    "address": say("indirizzo"),
    "language": say("lingua"),
    "prefix": say("prefisso"),
    "subject": say("titolare"),
    "serial": say("numero di serie"),
    "url": say("indirizzo di rete"),
    "token": say("dispositivo"),
    "canale": say("canale"),
    "impostazioni": say("impostazioni cambiate"),
    "segreti": say("segreti cambiati"),
    "vie": say("vie"),
    "run": say("invio"),
    "versione": say("versione"),
    "bozza": say("salvataggio della bozza"),
    "codice": say("codice"),
    "applicati": say("esiti applicati"),
    "esito": say("esito"),
    "nota": say("nota"),
}
_LOOK: dict[str, str] = {
    "code": say("codice"),
    "label": say("descrizione"),
    "tab": say("tab"),
    "order": say("ordine"),
    "gadget_label": say("descrizione nel gadget"),
    "icon": say("simbolo"),
    "image_sha256": say("immagine"),
    "colour": say("colore"),
    "tooltip": say("tooltip"),
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting that a change changed. `state` is "" where it is of no single state."""

    state: str
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the list. `facts` are label and value."""

    entry: Entry
    what: str
    facts: tuple[tuple[str, str], ...]
    settings: tuple[Setting, ...]


def without_reserved(actor: Actor, wanted: Wanted) -> Wanted:
    """The same without changes about documents that the actor may not see."""
    hidden = queries.hidden_states(actor.company_id, actor)
    if not hidden:
        return wanted
    runs = BulkRun.objects.filter(company_id=actor.company_id, state__in=hidden)
    seen = OutcomeSeen.objects.filter(company_id=actor.company_id, change__document__state__in=hidden)
    return replace(
        wanted,
        without={
            "run": list(runs.values_list("pk", flat=True)),
            "esito": list(seen.values_list("change_id", flat=True)),
        },
    )


def in_words(entries: Iterable[Entry], actor: Actor | None = None) -> list[Change]:
    """The entries as they are shown, to the actor where they are of her company."""
    rows = list(entries)
    mentioned = {number for row in rows for number in _people(row.detail)}
    names = history.names(mentioned) if mentioned else {}
    # How many outcomes were applied counts documents of all states.
    left_out = {"modifiche"}
    if actor is not None and queries.hidden_states(actor.company_id, actor):
        left_out.add("applicati")
    return [
        Change(
            row,
            _WORDS.get(row.what, row.what),
            tuple(
                (_FACTS.get(name, name), _value(name, value, names))
                for name, value in row.detail.items()
                if name not in left_out and value not in ("", None, [])
            ),
            _settings(row.detail.get("modifiche")),
        )
        for row in rows
    ]


def _people(detail: Mapping[str, Any]) -> list[int]:
    found = [*detail.get("users", ()), detail.get("user")]
    return [number for number in found if isinstance(number, int)]


def _value(name: str, value: Any, names: Mapping[int, str]) -> str:
    if name == "role":
        return ROLES.get(str(value), str(value))
    if name == "user":
        return names.get(value, str(value))
    if name == "users":
        return ", ".join(names.get(each, str(each)) for each in value)
    return str(value)


def _settings(changed: Any) -> tuple[Setting, ...]:
    """Of a configuration: rows of state, setting, before, after. Of the common settings: before and after by name."""
    if isinstance(changed, dict):
        return tuple(
            Setting("", _LOOK.get(str(name), str(name)), _plain(before), _plain(after))
            for name, (before, after) in changed.items()
        )
    return tuple(Setting(*map(str, row)) for row in changed or ())


def _plain(value: Any) -> str:
    return "" if value is None else str(value)
