"""Addresses of *invio massivo*."""

from __future__ import annotations

from django.urls import path

from fattorino.workflow.views import bulk

app_name = "bulk"
urlpatterns = [
    path("", bulk.runs, name="runs"),
    path("elenco.csv", bulk.runs_file, {"kind": "csv"}, name="runs_csv"),
    path("elenco.xlsx", bulk.runs_file, {"kind": "xlsx"}, name="runs_xlsx"),
    path("<int:run_id>/", bulk.run, name="run"),
    path("<int:run_id>/avanzamento/", bulk.progress, name="progress"),
    path("<int:run_id>/esiti/", bulk.outcomes, name="outcomes"),
    path("<int:run_id>/esiti.csv", bulk.items_csv, name="items_csv"),
    path("<int:run_id>/esiti.xlsx", bulk.items_xlsx, name="items_xlsx"),
    path("<int:run_id>/pausa/", bulk.pause, name="pause"),
    path("<int:run_id>/riprendi/", bulk.resume, name="resume"),
    path("<int:run_id>/annulla/", bulk.cancel, name="cancel"),
]
