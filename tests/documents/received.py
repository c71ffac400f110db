"""Invoices as suppliers send them, with the MT that SdI puts beside them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from fattorino.config import demo
from fattorino.core.fatturapa import write_fattura
from fattorino.core.fatturapa.build import build
from fattorino.core.fatturapa.draft import Attachment, Draft, Party, draft_from_json
from fattorino.core.sdi.message_io import write_message
from fattorino.core.sdi.messages import FileMetadati, MetadatiInvioFile
from fattorino.documents.models import Reception
from fattorino.documents.receiving import take_invoice
from tests.desk import NOW, TODAY, Desk

SUPPLIER = Party(
    id_paese="IT",
    id_codice="01234567897",
    denominazione="Cartoleria Bianchi S.r.l.",
    regime_fiscale="RF01",
    indirizzo="Via Roma 1",
    cap="00100",
    comune="Roma",
    provincia="RM",
    nazione="IT",
)
SDI = "1234567"
OFFICE = "UFABC1"
CODE = "ABCDE12"


def as_buyer(desk: Desk) -> Party:
    """The company as cessionario of somebody else's invoice."""
    party = draft_from_json({"cessionario": desk.company.party}).cessionario
    return replace(party, regime_fiscale=None, rea=None)


def invoice(
    desk: Desk,
    numero: str = "77",
    *,
    seller: Party = SUPPLIER,
    buyer: Party | None = None,
    code: str = CODE,
    trasmittente: tuple[str, str] = ("IT", "01234567897"),
    attached: dict[str, bytes] | None = None,
    **changes: Any,
) -> bytes:
    """An invoice to the company; an office code of six characters makes it one to a PA. `attached`: files by name."""
    kept = {hashlib.sha256(content).hexdigest(): content for content in (attached or {}).values()}
    if attached:
        changes["allegati"] = tuple(
            Attachment(nome=name, formato=name[-3:].upper(), sha256=sha)
            for name, sha in zip(attached, kept, strict=True)
        )
    draft: Draft = desk.draft(
        numero=numero,
        data=TODAY,
        cessionario=buyer or as_buyer(desk),
        codice_destinatario=code,
        **changes,
    )
    return write_fattura(
        build(draft, cedente=seller, trasmittente=trasmittente, progressivo_invio="B1", allegati=kept)
    )


def mt(name: str, *, sdi: str = SDI, code: str = CODE, pa: bool = False) -> bytes:
    values: dict[str, Any] = {
        "identificativo_sdi": sdi,
        "nome_file": name,
        "codice_destinatario": code,
        "formato": "FPA12" if pa else "FPR12",
        "tentativi_invio": 1,
        "message_id": "99",
    }
    return write_message(MetadatiInvioFile(**values) if pa else FileMetadati(hash="0" * 64, **values))


NAME = f"IT{demo.ORDINE['id_codice']}_B0001.xml"


def bring(
    content: bytes,
    *,
    sdi: str = SDI,
    name: str = "IT01234567897_B0001.xml",
    source: str = Reception.Source.SDICOOP,
    metadata: bytes = b"",
    company_id: int | None = None,
) -> int:
    """What a channel does with an invoice that came."""
    return take_invoice(source, sdi, name, content, "MT_1.xml", metadata, company_id=company_id, now=NOW)
