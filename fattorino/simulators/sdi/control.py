"""The simulator's own interface: JSON under /_simulator/, and a page for people at /. Only for this machine."""

from __future__ import annotations

import html
import importlib.resources
import string
from dataclasses import asdict
from typing import Any

from fattorino.simulators.sdi import faults, recipients
from fattorino.simulators.sdi.books import Books
from fattorino.simulators.sdi.clock import HOUR, Clock

_STATES = {
    "RICEVUTO": "Ricevuto",
    "ARCHIVIO": "Archivio aperto",
    "CONTROLLATO": "Controllato, in consegna",
    "SCARTATO": "Scartato",
    "CONSEGNATO": "Consegnato",
    "MANCATA_CONSEGNA": "Mancata consegna",
    "ACCETTATO": "Accettato",
    "RIFIUTATO": "Rifiutato",
    "DECORSI_TERMINI": "Termini decorsi",
    "NON_RECAPITABILE": "Impossibilità di recapito",
}


def state(books: Books, clock: Clock, deliver_to: str) -> dict[str, Any]:
    """A glance: how much is in the books, what waits, the clock."""
    counts = books.rows("select state, count(*) as n from file group by state")
    waiting = books.rows("select count(*) as n from message where state = 'DA_INVIARE'")[0]["n"]
    steps = books.rows("select count(*) as n from step where not done")[0]["n"]
    troubles = books.rows("select id, file_id, kind, error from step where error <> '' order by id")
    return {
        "files": {row["state"]: row["n"] for row in counts},
        "waiting_messages": waiting,
        "waiting_steps": steps,
        "troubles": troubles,
        "deliver_to": deliver_to,
        "clock": clock_state(clock),
        "faults": faults.pending(books),
    }


def count(books: Books) -> dict[str, int]:
    """How many files were taken, how many messages to the transmitter went out (each once, however often it went), and
    how many outcomes were refused (SE); asked often, so it costs little."""
    files = books.rows("select count(*) as n from file")[0]["n"]
    told = books.rows(
        "select count(distinct file_id || nome_file) as n from message"
        " where state = 'INVIATO' and side = 'trasmissione'"
    )
    refused = books.rows(
        "select count(distinct file_id || nome_file) as n from message where state = 'INVIATO' and tipo = 'SE'"
    )
    return {"files": int(files), "messages": int(told[0]["n"]), "refusals": int(refused[0]["n"])}


def clock_state(clock: Clock) -> dict[str, Any]:
    return {"now": clock.now().isoformat(), "elapsed_hours": clock.elapsed() / HOUR, "speed": clock.speed}


def set_clock(clock: Clock, wanted: dict[str, Any]) -> dict[str, Any]:
    """{"speed": n} and/or {"advance_hours": n}."""
    if "speed" in wanted:
        clock.set_speed(float(wanted["speed"]))
    if "advance_hours" in wanted:
        clock.advance(float(wanted["advance_hours"]) * HOUR)
    return clock_state(clock)


def book_of_files(books: Books) -> dict[str, Any]:
    """Every file and message, and how often each name and each invoice was accepted."""
    files = books.rows(
        "select id as identificativo_sdi, nome_file, sha256, received_at, flow, recipient, buyer, state, outcome,"
        " archive_id from file order by id"
    )
    messages = books.rows(
        "select id, file_id as identificativo_sdi, tipo, nome_file, side, state, tries, answer, sent_at"
        " from message order by id"
    )
    names = books.rows("select nome_file, count(*) as n from file group by nome_file")
    invoices = books.rows(
        "select seller, numero, data, tipo, count(*) as n from invoice group by seller, numero, data, tipo"
    )
    return {
        "files": files,
        "messages": messages,
        "accepted_by_name": {row["nome_file"]: row["n"] for row in names},
        "invoices": invoices,
    }


def set_recipient(books: Books, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """{"key", "behaviour", "description", "url"}; behaviour "" forgets the recipient."""
    key, behaviour = str(wanted.get("key", "")).strip(), str(wanted.get("behaviour", ""))
    if behaviour:
        description, url = str(wanted.get("description", "")), str(wanted.get("url", ""))
        recipients.save(books, recipients.Recipient(key, behaviour, description, url))
    else:
        recipients.remove(books, key)
    return known_recipients(books)


def known_recipients(books: Books) -> list[dict[str, Any]]:
    return [asdict(r) for r in recipients.everyone(books)]


def order_fault(books: Books, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """{"kind", "count" | "probability" and "seed", "seconds", "hours", "match"}; {"clear": true} calls all off.

    {"faults": [...]} orders many such at once.
    """
    many = wanted.get("faults")
    if many is not None:
        if not isinstance(many, list) or not all(isinstance(each, dict) for each in many):
            raise ValueError("faults")
        with books.transaction():
            for each in many:
                _order(books, each)
    elif wanted.get("clear"):
        faults.clear(books)
    else:
        _order(books, wanted)
    return faults.pending(books)


def _order(books: Books, wanted: dict[str, Any]) -> None:
    probability = wanted.get("probability")
    count = wanted.get("count", None if probability else 1)
    faults.add(
        books,
        str(wanted.get("kind", "")),
        count=int(count) if count else None,
        probability=float(probability) if probability else None,
        seed=int(wanted.get("seed") or 0),
        seconds=float(wanted.get("seconds") or 0),
        hours=float(wanted.get("hours") or 24),
        match=str(wanted.get("match", "")),
    )


def page(books: Books, clock: Clock, deliver_to: str) -> str:
    """The control page: plain HTML forms, no script."""
    files = books.rows("select * from file order by id desc limit 50")
    rows = []
    for file in files:
        sent = books.rows("select tipo, state from message where file_id = ? order by id", file["id"])
        messages = " ".join(m["tipo"] + ("" if m["state"] == "INVIATO" else "…") for m in sent)
        rows.append(
            _row(
                file["id"], file["nome_file"], file["flow"], file["recipient"], file["buyer"],
                _state_name(file), file["outcome"], messages,
            )
        )  # fmt: skip
    text = importlib.resources.files(__package__).joinpath("page.html").read_text(encoding="utf-8")
    return string.Template(text).substitute(
        files="".join(rows) or _row("Ancora nessun file.", "", "", "", "", "", "", ""),
        recipients="".join(
            _row(r.key, recipients.BEHAVIOURS[r.behaviour], r.description, r.url)
            for r in recipients.everyone(books)
        ),
        faults="".join(
            _row(
                faults.KINDS[f["kind"]],
                f["remaining"] or "senza limite",
                f["probability"] or "sempre",
                f["match"],
            )
            for f in faults.pending(books)
        )
        or _row("Nessun guasto richiesto.", "", "", ""),
        behaviours=_options(recipients.BEHAVIOURS),
        kinds=_options(faults.KINDS),
        speed=f"{clock.speed:g}",
        elapsed=f"{clock.elapsed() / HOUR:.1f}".replace(".", ","),
        deliver_to=html.escape(deliver_to or "(nessuno)"),
    )


def _state_name(file: dict[str, Any]) -> str:
    if file["state"] == "MANCATA_CONSEGNA" and file["flow"] == "PR":
        return "Messa a disposizione"
    return _STATES.get(str(file["state"]), str(file["state"]))


def _row(*cells: object) -> str:
    return "<tr>" + "".join(f"<td>{html.escape(str(c))}</td>" for c in cells) + "</tr>\n"


def _options(choices: dict[str, str]) -> str:
    return "".join(f'<option value="{k}">{html.escape(v)}</option>' for k, v in choices.items())
