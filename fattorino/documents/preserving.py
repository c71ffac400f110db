"""What is asked for of a document that goes to digital preservation, where its state says so ("preserved").

"Attivando questo check vengono richieste le informazioni relative alla conservazione sostitutiva per le fatture in
questo stato." Asked for is only what the document does not say itself: of the metadata of Allegato 5 (Linee guida AgID)
these cannot be read from an invoice, from its files or from the company. Names as in Allegato 5. Decision 0011.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, fields

from django.db import transaction

from fattorino.core.errors import ConflictError, RefusedError
from fattorino.core.texts import say, together
from fattorino.documents.models import PreservationData
from fattorino.organisations.queries import Actor
from fattorino.workflow import flows as workflow
from fattorino.workflow.queries import states_with, visible_documents

# Art. 2220 c.c.; the most that the schema of Allegato 5 takes.
FEWEST_YEARS, MOST_YEARS = 10, 4999
MOST_KEYWORDS = 5
LABELS = {
    "riservato": say("Documento riservato"),
    "tempo_di_conservazione": say("Anni di conservazione"),
    "indice_di_classificazione": say("Indice di classificazione"),
    "descrizione_classificazione": say("Descrizione della classificazione"),
    "id_aggregazione": say("Fascicolo o serie"),
    "parole_chiave": say("Parole chiave"),
    "note": say("Annotazioni"),
}
LENGTHS = {
    "indice_di_classificazione": 60,
    "descrizione_classificazione": 200,
    "id_aggregazione": 100,
    "note": 500,
}
KEYWORD_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person or a program says; as it stands here where nobody has said anything."""

    riservato: bool = False
    tempo_di_conservazione: int = FEWEST_YEARS
    indice_di_classificazione: str = ""
    descrizione_classificazione: str = ""
    id_aggregazione: str = ""
    parole_chiave: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """The answers for one document.

    Attributes:
        open: the document's state asks for them now, so they may be given and corrected.
        version: counts the saves; 0 where nobody has answered. The form sends it back.
    """

    answers: Answers
    open: bool
    version: int = 0
    saved_at: datetime.datetime | None = None
    saved_by: str = ""


def asked(actor: Actor, document_id: int, state: str) -> Asked | None:
    """The answers for a visible document in this state; None where they are not asked for and nobody gave any."""
    row = PreservationData.objects.filter(document_id=document_id, company_id=actor.company_id).first()
    is_open = state in states_with(actor.company_id, "preserved")
    if row is None:
        return Asked(Answers(), True) if is_open else None
    return Asked(_answers(row), is_open, row.version, row.saved_at, row.saved_by)


def save(actor: Actor, document_id: int, answers: Answers, *, seen: int, now: datetime.datetime) -> None:
    """Keep the answers; what changed stands in the document's history for ever.

    Args:
        seen: `version` of the answers that the person was looking at.

    Raises:
        RefusedError: not there, not asked for in this state, or `fields` says what is wrong beside which field.
        ConflictError: somebody else saved meanwhile.
    """
    if not actor.may_write:
        raise RefusedError(say("Il ruolo di consultazione non permette di scrivere i dati di conservazione."))
    _refuse_wrong(answers)
    with transaction.atomic():
        workflow.lock(document_id)
        document = visible_documents(actor).filter(pk=document_id).first()
        if document is None:
            raise RefusedError(say("Documento non trovato."))
        if document.state not in states_with(actor.company_id, "preserved"):
            raise RefusedError(
                say("Nello stato di questo documento i dati di conservazione non si chiedono."),
                say("Un amministratore può attivare «Conservazione sostitutiva» negli stati adempimento."),
            )
        row = PreservationData.objects.filter(document_id=document_id, company_id=actor.company_id).first()
        if seen != (row.version if row else 0):
            raise ConflictError(
                say("Nel frattempo qualcun altro ha salvato i dati di conservazione di questo documento."),
                say("Ricaricare la pagina, guardare che cosa è cambiato e ripetere la modifica."),
            )
        before = _answers(row) if row else Answers()
        if row is not None and before == answers:
            return
        row = row or PreservationData(document_id=document_id, company_id=actor.company_id, version=0)
        _keep(row, answers, actor, now)
        workflow.record(document_id, "PreservationData", actor, now=now, message=_told(before, answers))


def _keep(row: PreservationData, answers: Answers, actor: Actor, now: datetime.datetime) -> None:
    for field in fields(answers):
        setattr(row, field.name, getattr(answers, field.name))
    row.parole_chiave = list(answers.parole_chiave)
    row.version += 1
    row.saved_at, row.saved_by = now, actor.label[:150]
    row.save()


def _answers(row: PreservationData) -> Answers:
    values = {field.name: getattr(row, field.name) for field in fields(Answers)}
    return Answers(**values | {"parole_chiave": tuple(row.parole_chiave)})


def _told(before: Answers, after: Answers) -> str:
    changed = [name for name in LABELS if getattr(before, name) != getattr(after, name)]
    return together(
        say("Dati di conservazione salvati."),
        *(
            say("{label}: {value}.", label=LABELS[name], value=_shown(getattr(after, name)))
            for name in changed
        ),
    )


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return say("sì") if value else say("no")
    if isinstance(value, tuple):
        value = ", ".join(value)
    return str(value) if value else say("(vuoto)")


def _refuse_wrong(answers: Answers) -> None:
    wrong: dict[str, str] = {}
    if not FEWEST_YEARS <= answers.tempo_di_conservazione <= MOST_YEARS:
        wrong["tempo_di_conservazione"] = say(
            "Indicare gli anni, da {least} a {most}: le scritture si conservano almeno {least} anni (art. 2220 c.c.).",
            least=FEWEST_YEARS,
            most=MOST_YEARS,
        )
    for name, most in LENGTHS.items():
        if problem := _unfit(getattr(answers, name), most):
            wrong[name] = problem
    if answers.descrizione_classificazione and not answers.indice_di_classificazione:
        wrong.setdefault(
            "indice_di_classificazione", say("Indicare anche l'indice: la descrizione da sola non basta.")
        )
    if len(answers.parole_chiave) > MOST_KEYWORDS:
        wrong["parole_chiave"] = say(
            "Al massimo {most} parole chiave: togliere quelle in più.", most=MOST_KEYWORDS
        )
    for word in answers.parole_chiave:
        if problem := _unfit(word, KEYWORD_LENGTH):
            wrong.setdefault("parole_chiave", problem)
    if wrong:
        raise RefusedError(
            say("I dati di conservazione non sono stati salvati: ci sono campi da correggere."), fields=wrong
        )


def _unfit(text: str, most: int) -> str:
    # Neither the database nor XML can hold what is no character.
    if not text.isprintable():
        return say("Il testo contiene caratteri che non si possono conservare: riscriverlo su una riga.")
    if len(text) > most:
        return say("Il testo è troppo lungo: al massimo {most} caratteri.", most=most)
    return ""
