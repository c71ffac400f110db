"""Millions of plausible documents for one company, for measurements only; written by COPY, past every flow.

The rows look like those of a large company after three years: most are old and done, few are on their way; a few
counterparts have most documents; names, reasons and numbers are searched for as people search for them.
"""

from __future__ import annotations

import datetime
import random
import string
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

from django.db import connection

from fattorino.config.many_load import indexes_made_last, one_ahead
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow import counts

# Whoever bears this name was made here; no other company is touched.
COMPANY_NAME = "Prova con molti documenti"
COUNTERPARTS = 300_000
DAYS = 3 * 365
AT_ONCE = 20_000
# Fewer rows do not repay making the indexes of a whole table anew.
WORTH_INDEXING_LAST = 200_000
TABLES = ("documents_counterpart", "workflow_document", "documents_searchentry", "workflow_statechange")


def _words(text: str) -> list[str]:
    return text.split()


SURNAMES = _words("""
    Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti
    Costa Giordano Mancini Rizzo Lombardi Moretti Barbieri Fontana Santoro Mariani Rinaldi
    Caruso Ferrara Galli Martini Leone Longo Gentile Martinelli Vitale Lombardo Serra Coppola
    Marchetti Parisi Villa Conte Ferraro Ferri Fabbri Bianco Marini Grasso Valentini Messina
    Sala Gatti Pellegrini Palumbo Sanna Farina Rizzi Monti Cattaneo Morelli Amato Silvestri
    Mazza Testa Grassi Pellegrino Carbone Giuliani Benedetti Barone Rossetti Caputo Montanari
    Guerra Palmieri Bernardi Martino Fiore Ferretti Bellini Basile Riva Donati Piras Vitali
    Battaglia Sartori Neri Costantini Milani Pagano Ruggiero Sorrentino Orlando Negri D'Angelo
    Dell'Acqua Pagani Bassi Rota Cocco
""")
NAMES = _words("""
    Maria Anna Giuseppe Antonio Giovanni Francesco Rosa Luigi Angela Roberto Salvatore Paolo
    Marco Andrea Laura Stefano Elena Giulia Sara Chiara Davide Alessandro Matteo Simone Federica
    Valentina Carlo Pietro Silvia Nicolò
""")
TRADES = _words("""
    Costruzioni Impianti Trasporti Immobiliare Servizi Consulenza Progetti Edilizia Energia
    Informatica Alimentari Meccanica Ambiente Sicurezza Logistica Legnami Arredamenti Officine
    Società Cooperativa
""")
PLACES = _words("""
    Milano Varese Como Lecco Bergamo Brescia Pavia Cremona Mantova Lodi Monza Sondrio Gallarate
    Legnano Saronno Cantù Erba Crema Vigevano Voghera
""")
FORMS = ["S.r.l.", "S.r.l.", "S.r.l.", "S.p.A.", "S.n.c.", "S.a.s.", "di Rossi & C. S.a.s.", "Soc. Coop."]
REASONS = [
    "Corso di aggiornamento professionale",
    "Quota annuale di iscrizione all'albo",
    "Parere di congruità",
    "Consulenza tecnica d'ufficio",
    "Direzione lavori",
    "Collaudo statico",
    "Progettazione esecutiva",
    "Canone di assistenza",
    "Noleggio sala conferenze",
    "Diritti di segreteria",
    "Rilievo topografico",
    "Certificazione energetica",
    "Perizia di stima",
    "Coordinamento della sicurezza",
    "Manutenzione ordinaria impianti",
    "Fornitura materiale di cancelleria",
    "Servizio di pulizia",
    "Rimborso spese di trasferta",
    "Abbonamento alla rivista",
    "Formazione a distanza",
]

Weights = dict[str, tuple[float, float, float]]
# Weights by how old the document is: done, some weeks old, of these days.
_PR: Weights = {
    "CONSEGNATO": (90, 85, 30),
    "MANCATA_CONSEGNA": (8, 8, 4),
    "ANNULLATO": (1, 1, 1),
    "TRASMESSO_MANUALE": (0.5, 0.5, 0.5),
    "SCARTATO_SDI": (0.3, 1, 4),
    "ERRORE_INVIO": (0.01, 0.1, 2),
    "IN_ELABORAZIONE": (0, 0.3, 20),
    "IN_ATTESA_ESITO": (0, 0.5, 20),
    "DA_PROCESSARE": (0.2, 3, 20),
}
_PA: Weights = {
    "ACCETTATO": (70, 30, 5),
    "DECORSI_TERMINI": (24, 10, 0),
    "RIFIUTATO_CHIUSO": (3, 2, 0),
    "NON_RECAPITABILE": (1, 1, 1),
    "RIFIUTATO": (0.2, 5, 5),
    "CONSEGNATO_PA": (0, 45, 40),
    "MANCATA_CONSEGNA_PA": (0, 3, 4),
    "IN_ATTESA_ESITO": (0, 1, 20),
    "DA_PROCESSARE": (0.2, 3, 25),
}
_PS: Weights = {
    "CONTABILIZZATO": (94, 60, 10),
    "DA_CONTABILIZZARE": (1, 25, 30),
    "RICEVUTO": (0.5, 5, 50),
    "ACCETTATO_PASS": (3, 5, 5),
    "RIFIUTATO_PASS": (1, 1, 1),
    "DECORSI_TERMINI_PASS": (0.5, 2, 0),
}
STATES: dict[str, Weights] = {
    "PR": _PR,
    "PA": _PA,
    "PS": _PS,
    "": {"": (1, 1, 1)},
}
DASHBOARDS, SHARES = ["PR", "PS", "PA", ""], [50, 20, 15, 15]

DOCUMENT = {
    "id": "int8", "company_id": "int8", "kind": "varchar", "dashboard": "varchar", "state": "varchar",
    "state_since": "timestamptz", "confirmed": "bool", "number": "varchar", "date": "date", "counterpart_id": "int8",
    "counterpart_name": "varchar", "total_cents": "int8", "taxable_cents": "int8", "tax_cents": "int8",
    "due_cents": "int8", "currency": "varchar", "search_text": "text", "held_statuses": "varchar[]",
    "version": "int4", "change_seq": "int8", "created_at": "timestamptz",
}  # fmt: skip
COUNTERPART = {
    "id": "int8", "company_id": "int8", "identity": "varchar", "name": "varchar", "party": "jsonb",
    "codice_destinatario": "varchar", "pec_destinatario": "varchar", "used_at": "timestamptz",
}  # fmt: skip
HISTORY = {
    "company_id": "int8", "document_id": "int8", "at": "timestamptz", "event": "varchar", "from_state": "varchar",
    "to_state": "varchar", "action": "varchar", "outcome": "varchar", "actor_kind": "varchar",
    "actor_label": "varchar", "message": "text", "detail": "jsonb", "file_sha256": "varchar",
    "workflow_version": "int4",
}  # fmt: skip


def fill(
    company_id: int, wanted: int, *, now: datetime.datetime, histories: bool, told: Callable[[int], None]
) -> int:
    """Bring the company to this many documents; what an interrupted run wrote stays. Returns how many were added."""
    with company_scope(company_id):
        there = counts.sums(Actor("hub", "misure", company_id)).n
    afterwards = indexes_made_last(*TABLES) if wanted - there >= WORTH_INDEXING_LAST else nullcontext()
    done = there
    with afterwards:
        with company_scope(company_id):
            people = _counterparts(company_id, now)
        for rows in one_ahead(_batches(company_id, people, now, there, wanted)):
            with company_scope(company_id):
                _copy("workflow_document", DOCUMENT, rows)
                if histories:
                    _copy("workflow_statechange", HISTORY, _history(rows))
            done += len(rows)
            told(done)
    return max(0, wanted - there)


def _batches(
    company_id: int,
    people: list[tuple[int, str]],
    now: datetime.datetime,
    there: int,
    wanted: int,
) -> Iterator[list[tuple[Any, ...]]]:
    chance = random.Random(company_id * 1_000_003 + there)
    # Asked for here: a thread that makes rows has no connection of its own.
    size = max(0, wanted - there)
    ids, changes = _numbers("workflow_document_id_seq", size), _numbers("workflow_change_seq", size)

    def made() -> Iterator[list[tuple[Any, ...]]]:
        for begun in range(0, size, AT_ONCE):
            some = slice(begun, begun + AT_ONCE)
            yield list(
                _documents(company_id, people, chance, now, ids[some], changes[some], there + begun, wanted)
            )

    return made()


def _numbers(sequence: str, size: int) -> range:
    """The next numbers of a sequence, all at once; nobody else may be at work in this database."""
    with connection.cursor() as cursor:
        cursor.execute(f"select setval('{sequence}', nextval('{sequence}') + %s)", [size])
        row = cursor.fetchone()
    assert row is not None
    return range(row[0] - size, row[0])


def _copy(table: str, columns: dict[str, str], rows: Any) -> None:
    """COPY into a table of this session, and from there: PostgreSQL takes no COPY under row-level security."""
    names = ", ".join(columns)
    declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    with connection.cursor() as cursor:
        cursor.execute(f"create temporary table copied ({declared}) on commit drop")
        raw: Any = cursor
        with raw.copy(f"copy copied ({names}) from stdin (format binary)") as copy:
            copy.set_types(list(columns.values()))
            for row in rows:
                copy.write_row(row)
        cursor.execute(f"insert into {table} ({names}) select {names} from copied")
        cursor.execute("drop table copied")


def _counterparts(company_id: int, now: datetime.datetime) -> list[tuple[int, str]]:
    """The company's counterparts, made the first time."""
    from psycopg.types.json import Jsonb

    with connection.cursor() as cursor:
        cursor.execute(
            "select id, name from documents_counterpart where company_id = %s order by id", [company_id]
        )
        found = list(cursor.fetchall())
    if found:
        return found
    chance = random.Random(company_id)
    people = [(i, _name(chance)) for i in _numbers("documents_counterpart_id_seq", COUNTERPARTS)]
    _copy(
        "documents_counterpart",
        COUNTERPART,
        (
            (i, company_id, f"IT:{i:011d}", name, Jsonb({"denominazione": name}), "", "", now)
            for i, name in people
        ),
    )
    return people


def _name(chance: random.Random) -> str:
    what = chance.random()
    if what < 0.55:
        return f"{chance.choice(NAMES)} {chance.choice(SURNAMES)}"
    if what < 0.95:
        return f"{chance.choice(SURNAMES)} {chance.choice(TRADES)} {chance.choice(PLACES)} {chance.choice(FORMS)}"
    return f"Comune di {chance.choice(PLACES)} {chance.randrange(1, 999)}"


def _documents(
    company_id: int,
    people: list[tuple[int, str]],
    chance: random.Random,
    now: datetime.datetime,
    ids: range,
    changes: range,
    begun: int,
    wanted: int,
) -> Iterator[tuple[Any, ...]]:
    today = now.date()
    for place, (document_id, change) in enumerate(zip(ids, changes, strict=True), begun):
        age = DAYS - (place + 1) * DAYS // wanted
        date = today - datetime.timedelta(days=age)
        dashboard = chance.choices(DASHBOARDS, SHARES)[0]
        states = STATES[dashboard]
        column = 0 if age > 60 else 1 if age > 3 else 2
        state = chance.choices(list(states), [weights[column] for weights in states.values()])[0]
        kind = "fattura" if dashboard else "ricevuta"
        if dashboard and chance.random() < 0.04:
            kind = "nota_credito"
        # A few counterparts have most of the documents.
        counterpart_id, name = people[int(len(people) * chance.random() ** 3)]
        taxable = round(chance.lognormvariate(10.3, 1.2)) * (-1 if kind == "nota_credito" else 1)
        tax = taxable * 22 // 100
        at = datetime.datetime.combine(date, datetime.time(9), tzinfo=datetime.UTC)
        words = [name, chance.choice(REASONS), str(date.year)]
        if dashboard == "PA":
            words.append("".join(chance.choices(string.ascii_uppercase + string.digits, k=10)))  # CIG
        yield (
            document_id, company_id, kind, dashboard, state, at, state != "DA_PROCESSARE",
            _number(dashboard, place, date), date, counterpart_id, name, taxable + tax, taxable, tax, taxable + tax,
            "EUR" if chance.random() < 0.998 else "USD", " ".join(words).lower(), [], 1, change, at,
        )  # fmt: skip


def _number(dashboard: str, place: int, date: datetime.date) -> str:
    match dashboard:
        case "PS":
            return f"{date.year}/{place % 1_000_000:06}"
        case "PA":
            return f"{place}/PA"
        case "":
            return f"{place}/R"
    return str(place)


def _history(rows: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Two lines for each document: it came, it moved."""
    from psycopg.types.json import Jsonb

    none = Jsonb([])
    for row in rows:
        document_id, company_id, state, at = row[0], row[1], row[4], row[5]
        common = ("utente", "Laura Conti")
        yield (
            company_id,
            document_id,
            at,
            "Entered",
            "",
            "DA_PROCESSARE",
            "",
            "moved",
            *common,
            "Inserito.",
            none,
            "",
            1,
        )
        yield (
            company_id,
            document_id,
            at,
            "RC",
            "IN_ELABORAZIONE",
            state,
            "",
            "moved",
            *common,
            "Esito.",
            none,
            "",
            1,
        )
