from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from fattorino import clock
from fattorino.config import demo


class Command(BaseCommand):
    help = "Carica l'azienda dimostrativa, se non c'è già, e ne dice l'accesso."

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        demo.load(now=now, today=clock.day(now))
        self.stdout.write(f"Accesso di prova: {demo.EMAIL}  password: {demo.PASSWORD}")
