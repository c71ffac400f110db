"""Numbers by company, sezionale and year: given under a lock, without gaps, also to concurrent users."""

from __future__ import annotations

import datetime

from fattorino.core.errors import RefusedError
from fattorino.core.texts import say
from fattorino.core.workflow.definition import DocumentKind
from fattorino.documents.models import NumberSeries, Sezionale

# What every company starts with; more are added by an administrator.
STANDARD = (("", say("Fatture e note di credito"), False), ("R", say("Ricevute"), True))


def load_standard(company_id: int) -> None:
    for code, description, for_receipts in STANDARD:
        Sezionale.objects.get_or_create(
            company_id=company_id,
            code=code,
            defaults={"description": description, "for_receipts": for_receipts},
        )


def add_sezionale(company_id: int, code: str, description: str, *, for_receipts: bool = False) -> Sezionale:
    """Raises: RefusedError: the code cannot stand in a Numero (2.1.1.4: Basic Latin, at most 20 characters)."""
    code = code.strip().upper()
    if not (code.isascii() and code.isalnum() and len(code) <= 8):
        raise RefusedError(say("Il codice del sezionale è fatto di lettere e cifre, al massimo otto."))
    return Sezionale.objects.update_or_create(
        company_id=company_id,
        code=code,
        defaults={"description": description, "for_receipts": for_receipts},
    )[0]


def next_number(company_id: int, code: str, date: datetime.date, kind: str) -> tuple[Sezionale, int, str]:
    """Take the next number; the row stays locked until the caller's transaction ends, so a rollback leaves no gap.

    Returns: the sezionale, the progressive, and the Numero as it stands on the document ("12" or "12/A").

    Raises:
        RefusedError: no such sezionale, or one for the other kind of document.
    """
    sezionale = Sezionale.objects.filter(company_id=company_id, code=code).first()
    if sezionale is None:
        raise RefusedError(
            say("Sezionale sconosciuto."),
            fields={"sezionale": say("Il sezionale «{code}» non esiste.", code=code)},
        )
    if sezionale.for_receipts != (kind == DocumentKind.RICEVUTA):
        raise RefusedError(
            say("Le ricevute si numerano a parte dalle fatture."),
            fields={
                "sezionale": say(
                    "Le ricevute si numerano a parte dalle fatture: scegliere un altro sezionale."
                )
            },
        )
    NumberSeries.objects.bulk_create(
        [NumberSeries(company_id=company_id, sezionale=sezionale, year=date.year)], ignore_conflicts=True
    )
    series = NumberSeries.objects.select_for_update().get(sezionale=sezionale, year=date.year)
    series.last += 1
    series.save(update_fields=["last"])
    return sezionale, series.last, f"{series.last}/{code}" if code else str(series.last)


def observe(company_id: int, number: str, year: int) -> None:
    """An imported document bears this number: where it fits one of our series, that series goes on after it."""
    digits, _, code = number.partition("/")
    if not digits.isdecimal() or len(digits) > 9:
        return
    sezionale = Sezionale.objects.filter(company_id=company_id, code=code.upper(), for_receipts=False).first()
    if sezionale is None:
        return
    NumberSeries.objects.bulk_create(
        [NumberSeries(company_id=company_id, sezionale=sezionale, year=year)], ignore_conflicts=True
    )
    series = NumberSeries.objects.select_for_update().get(sezionale=sezionale, year=year)
    if series.last < int(digits):
        series.last = int(digits)
        series.save(update_fields=["last"])
