"""The doors that SdI knocks at."""

from __future__ import annotations

from django.urls import path

from fattorino.hub import views

app_name = "hub"
urlpatterns = [
    path("trasmissione", views.trasmissione_fatture, name="trasmissione"),
]
