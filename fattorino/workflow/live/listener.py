"""One connection that waits for what the database tells: the companies whose counts have changed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import psycopg
from django.db import connections

CHANNEL = "workflow_counts"
PAUSE = 1.0

log = logging.getLogger(__name__)


async def listen(changed: Callable[[int], None], connected: Callable[[], None]) -> None:
    """For ever. `connected` is called whenever listening begins (again): what happened before was not heard."""
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(_conninfo(), autocommit=True) as connection:
                await connection.execute(f"listen {CHANNEL}")
                connected()
                async for told in connection.notifies():
                    if told.payload.isdecimal():
                        changed(int(told.payload))
        except psycopg.OperationalError as error:
            log.warning("the database does not answer, listening again: %s", str(error).strip())
        await asyncio.sleep(PAUSE)


def _conninfo() -> str:
    place = connections["default"].settings_dict
    return psycopg.conninfo.make_conninfo(
        dbname=place["NAME"],
        user=place["USER"] or None,
        password=place["PASSWORD"] or None,
        host=place["HOST"] or None,
        port=place["PORT"] or None,
        application_name="fattorino live",
    )
