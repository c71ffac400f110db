"""What a document that arrives is already: one of our own that comes back, or one that came before."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db import connection

from fattorino.core.fatturapa.summary import Summary
from fattorino.documents.importing import BY_THE_BUYER
from fattorino.documents.models import Decision, Reception, StoredFile

State = Reception.State
# Four questions in one: this is asked of every document that arrives, and the answer is nearly always that it is new.
# The oldest of each kind; each branch has an index of its own.
_LIKE_IT = """
  (select 'written' as how, i.document_id from documents_invoice i join workflow_document d on d.id = i.document_id
    where i.company_id = %(company)s and i.seller = %(seller)s and i.tipo_documento = %(type)s
      and d.number = %(number)s and d.date = %(date)s and d.state <> 'ANNULLATO'
    order by i.document_id limit 1)
  union all
  (select 'sent', f.document_id from documents_documentfile f join documents_invoice i on i.document_id = f.document_id
    where f.company_id = %(company)s and f.stored_id = %(stored)s and i.company_id = %(company)s
    order by f.id limit 1)
  union all
  (select 'bytes', p.document_id from documents_reception r join documents_passiveinvoice p on p.reception_id = r.id
    where r.company_id = %(company)s and r.sha256 = %(sha256)s and r.state = any(%(read)s) and r.id <> %(reception)s
      and p.company_id = %(company)s and p.position = %(place)s
    order by p.document_id limit 1)
  union all
  (select 'same', p.document_id from documents_passiveinvoice p join workflow_document d on d.id = p.document_id
    where p.company_id = %(company)s and p.seller = %(seller)s and p.tipo_documento = %(type)s
      and d.number = %(number)s and d.date between %(first_day)s and %(last_day)s
      and coalesce((select a.esito from documents_decision a where a.document_id = p.document_id
        and a.company_id = %(company)s order by a.id desc limit 1), '') <> %(refused)s
    order by p.document_id limit 1)
"""


@dataclass(frozen=True, slots=True)
class Known:
    """Documents, by number; None for none.

    Attributes:
        own: our own document that comes back: as the buyer we wrote it (TD16-TD29), and to the buyer SdI delivers it.
            Issuer, number, date and type say which it is, in a lotto too; the same bytes only that the file is ours.
        earlier: the same document of the very same file, which arrived before by whatever way; or an invoice of the
            same seller, number, year and type. One that the PA refused may come again corrected, under its own number
            (sdi.md 2.4); what it refused first and accepted in the end may not.
    """

    own: int | None
    earlier: int | None


def known(row: Reception, stored: StoredFile, place: int, summary: Summary) -> Known:
    """What this document of a file is already, among the company's."""
    values = {
        "company": row.company_id,
        "seller": seller_of(summary),
        "type": summary.tipo_documento,
        "number": summary.numero.strip(),
        "date": summary.data,
        "first_day": datetime.date(summary.data.year, 1, 1),
        "last_day": datetime.date(summary.data.year, 12, 31),
        "stored": stored.pk,
        "sha256": row.sha256,
        "read": [State.DONE.value, State.OWN.value],
        "reception": row.pk,
        "place": place,
        "refused": Decision.Esito.REFUSED.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LIKE_IT, values)
        found: dict[str, int] = dict(cursor.fetchall())
    written, sent = found.get("written"), found.get("sent")
    by_us = summary.tipo_documento in BY_THE_BUYER or summary.soggetto_emittente == "CC"
    own = (written or sent) if sent or by_us else None
    return Known(own, found.get("bytes") or found.get("same"))


def seller_of(summary: Summary) -> str:
    """By which invoices of one seller are known: IdFiscaleIVA, else the codice fiscale."""
    cedente = summary.cedente
    if cedente.id_codice:
        return f"{cedente.id_paese or ''}{cedente.id_codice}"[:30]
    return (cedente.codice_fiscale or "")[:30]
