"""An SdIFtp node belongs to one company of the installation: its code, SdI's account on our server, its folder.

Whoever reads the exchange folder reads all that SdI leaves there, and whoever has the account's name and SdI's public
key, which is no secret, is taken for the node that SdI means to visit.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from fattorino.core.texts import say
from fattorino.hub.models import Channel
from fattorino.organisations.scope import system_scope

# Two companies that name the same folder at the same moment follow each other.
_SAVING = 0x1F33E


def folder_for(company_id: int, node: str) -> str:
    """Where the exchange folder of a new node is made: by its code, unless that lies with another company."""
    named = f"{settings.SDIFTP_HOME}/{node or 'nodo'}"
    others = _others(company_id)
    return f"{named}-{company_id}" if _taken(named, others) else named


def taken(company_id: int, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Which of these settings another company has (name, what to say); held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [_SAVING])
    others = _others(company_id)
    if values.get("node") in {each.get("node") for each in others}:
        yield "node", say("Questo nodo è già di un'altra azienda dell'installazione.")
    if values.get("root") and _taken(str(values["root"]), others):
        yield "root", say("Questa cartella è, contiene o sta dentro quella di un'altra azienda.")
    user = values.get("sftp_user")
    if user and user in {each.get("sftp_user") for each in others}:
        yield "sftp_user", say("Questo nome utente è già del nodo di un'altra azienda: sceglierne un altro.")


def _others(company_id: int) -> list[dict[str, Any]]:
    with system_scope():
        rows = Channel.objects.filter(kind=Channel.Kind.SDIFTP).exclude(company_id=company_id)
        return list(rows.values_list("settings", flat=True))


def _taken(folder: str, others: list[dict[str, Any]]) -> bool:
    """By where it really lies: a link is only another name."""
    mine = _real(folder)
    theirs = [_real(str(each["root"])) for each in others if each.get("root")]
    return any(mine.is_relative_to(each) or each.is_relative_to(mine) for each in theirs)


def _real(folder: str) -> Path:
    return Path(os.path.realpath(folder))
