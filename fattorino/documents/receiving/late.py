"""Metadata (MT) that come after their invoice: the invoice is read once more with them beside it."""

from __future__ import annotations

import datetime

from fattorino.documents.models import Reception
from fattorino.documents.receiving.take import State, shown_name, take_invoice


def complete_with(
    company_id: int,
    invoice_name: str,
    identificativo_sdi: str,
    metadata_name: str,
    metadata: bytes,
    *,
    now: datetime.datetime,
) -> str:
    """Put an MT beside the invoice that it names and that came without one; its name as it was kept, or nothing.

    The second copy is a duplicate of the first, which learns from it what it did not know. When SdI delivered the
    invoice an MT does not say: that stays as it was. Doing it again is harmless.
    """
    if not invoice_name or not identificativo_sdi or not metadata:
        return ""
    rows = Reception.objects.filter(company_id=company_id, name=shown_name(invoice_name), state=State.DONE)
    row = rows.filter(identificativo_sdi="", metadata=None).order_by("-pk").first()
    if row is None:
        return ""
    take_invoice(
        row.source,
        identificativo_sdi,
        row.name,
        bytes(row.content),
        metadata_name,
        metadata,
        company_id=company_id,
        now=now,
        delivered_at=row.delivered_at,
    )
    return row.name
