"""The doors that SdI knocks at, and another Hub."""

from __future__ import annotations

from django.urls import path

from fattorino.hub.views import sdi, wake

app_name = "hub"
urlpatterns = [
    path("trasmissione", sdi.trasmissione_fatture, name="trasmissione"),
    path("ricezione", sdi.ricezione_fatture, name="ricezione"),
    path("intermediario/<int:channel_id>", wake.intermediary, name="intermediary"),
]
