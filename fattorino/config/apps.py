from __future__ import annotations

from django.apps import AppConfig


class RoomConfig(AppConfig):
    name = "fattorino.config"
    label = "config"
