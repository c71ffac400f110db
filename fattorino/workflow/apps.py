from __future__ import annotations

from django.apps import AppConfig


class RoomConfig(AppConfig):
    name = "fattorino.workflow"
    label = "workflow"
