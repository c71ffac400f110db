"""Addresses of the dashboards."""

from __future__ import annotations

from django.urls import path

from fattorino.workflow.views import dashboard, outcomes

app_name = "dashboards"
urlpatterns = [
    path("", dashboard.home, name="home"),
    path("sincronizza/", dashboard.synchronise, name="synchronise"),
    path("esiti-non-attesi/", outcomes.unexpected, name="unexpected"),
    path("esiti-non-attesi/visto/", outcomes.seen, name="unexpected_seen"),
    path("esiti-non-attesi/elenco.csv", outcomes.unexpected_file, {"kind": "csv"}, name="unexpected_csv"),
    path("esiti-non-attesi/elenco.xlsx", outcomes.unexpected_file, {"kind": "xlsx"}, name="unexpected_xlsx"),
    path("<slug:dashboard>/", dashboard.page, name="page"),
    path("<slug:dashboard>/conteggi/", dashboard.figures, name="figures"),
    path("<slug:dashboard>/disponi/", dashboard.arrange, name="arrange"),
]
