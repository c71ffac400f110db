from __future__ import annotations

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.http.request import validate_host

from fattorino.config.nginx import Front, configuration


class Command(BaseCommand):
    help = "Scrive la configurazione di nginx: le pagine in HTTPS e le porte di SdI dietro il suo certificato client."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("site", help="nome del sito, per esempio fatture.esempio.it")
        parser.add_argument(
            "sdi", help="nome comunicato a SdI nell'accreditamento, per esempio sdi.esempio.it"
        )
        parser.add_argument("--certificate", required=True, help="PEM del certificato del sito")
        parser.add_argument("--key", required=True, help="PEM della sua chiave")
        parser.add_argument("--sdi-certificate", required=True, help="PEM del certificato server per SdI")
        parser.add_argument("--sdi-key", required=True, help="PEM della sua chiave")
        parser.add_argument(
            "--sdi-ca", required=True, help="PEM con la CA che firma il certificato client di SdI"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SDI_PROXY_SECRET:
            raise CommandError(
                "Manca FATTORINO_SDI_PROXY_SECRET: nginx e Fattorino devono conoscerlo entrambi."
            )
        for name, where in ((options["site"], "FATTORINO_HOSTS"), (options["sdi"], "FATTORINO_SDI_HOSTS")):
            if not validate_host(name, settings.ALLOWED_HOSTS):
                raise CommandError(
                    f"Fattorino rifiuterebbe ciò che nginx gli passa per {name}: aggiungere il nome a {where}, "
                    "riavviare Fattorino e ripetere il comando."
                )
        front = Front(
            **{name: options[name] for name in ("site", "sdi", "certificate", "key")},
            **{name: options[name] for name in ("sdi_certificate", "sdi_key", "sdi_ca")},
            secret=settings.SDI_PROXY_SECRET,
            upstream=settings.PORT,
            live=settings.LIVE_PORT,
        )
        try:
            self.stdout.write(configuration(front))
        except ValueError as error:
            raise CommandError(
                f"Il valore di «{error}» contiene un carattere che nginx non ammette."
            ) from error
