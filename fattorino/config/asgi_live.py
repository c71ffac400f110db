"""The live channel as granian serves it (`fattorino live`)."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fattorino.config.settings")
django.setup()

from fattorino.workflow.live.app import Live  # noqa: E402  # models need the settings first

application = Live(own_process=True)
