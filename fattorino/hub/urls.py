"""The doors that SdI knocks at."""

from __future__ import annotations

from django.urls import path

from fattorino.hub.views import sdi

app_name = "hub"
urlpatterns = [
    path("trasmissione", sdi.trasmissione_fatture, name="trasmissione"),
    path("ricezione", sdi.ricezione_fatture, name="ricezione"),
]
