from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncssh
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from fattorino.core.errors import FattorinoError
from fattorino.hub.queries_sftp import sftp_accounts
from fattorino.hub.sftp import open_host_key, serve
from fattorino.hub.sftp_accounts import Account


class Command(BaseCommand):
    help = "Avvia il server SFTP da cui lo SdI visita i nodi SdIFtp delle aziende."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="indirizzo su cui ascoltare (127.0.0.1)")
        parser.add_argument("--port", type=int, default=8010, help="porta (8010)")
        parser.add_argument(
            "--host-key", type=Path, default=settings.HOME / "sftp" / "host.key", help="chiave del server"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            key = open_host_key(options["host_key"])
            asyncio.run(self._serve(key, options["host"], options["port"]))
        except FattorinoError as error:
            raise CommandError(error.text) from error
        except OSError as error:
            raise CommandError(
                f"Il server SFTP non può ascoltare su {options['host']}:{options['port']}: {error.strerror or error}"
            ) from error

    async def _serve(self, key: asyncssh.SSHKey, host: str, port: int) -> None:
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        acceptor = await serve(find, key, host=host, port=port)
        self.stdout.write(
            f"Server SFTP in ascolto su {host}:{acceptor.get_port()}, impronta della chiave {key.get_fingerprint()}"
        )
        self.stdout.flush()
        await ended.wait()
        acceptor.close()
        await acceptor.wait_closed()


def find(user: str) -> Sequence[Account]:
    """In a thread that lives for one login: its connection to the database goes with it."""
    try:
        return sftp_accounts(user)
    finally:
        connection.close()
