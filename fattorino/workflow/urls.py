"""Addresses of the settings pages: the states, and the groups that they name."""

from __future__ import annotations

from django.urls import path

from fattorino.workflow.views import changes as change_views
from fattorino.workflow.views import drawing, exchange, groups, looks, settings, state, versions

states = (
    [
        path("", settings.states, name="states"),
        path("elenco.<slug:kind>", settings.states_file, name="states_file"),
        path("controlla/", settings.check, name="check"),
        path("aggiungi/", settings.add, name="add"),
        path("grafo/", drawing.graph, name="graph"),
        path("prova/", drawing.trial, name="trial"),
        path("confronta/", versions.compare, name="compare"),
        path("pubblica/", versions.publish, name="publish"),
        path("bozza/elimina/", versions.discard, name="discard"),
        path("bozza/conferma/", versions.rebase, name="rebase"),
        path("versioni/", versions.versions, name="versions"),
        path("versioni/<int:number>/", versions.version, name="version"),
        path("versioni/<int:number>/ripristina/", versions.restore, name="restore_version"),
        path("esporta/", exchange.export, name="export"),
        path("importa/", exchange.take, name="import"),
        path("importa/applica/", exchange.apply, name="import_apply"),
        path("copia/", exchange.copy, name="copy"),
        path("stato/<slug:code>/", state.state, name="state"),
        path("stato/<slug:code>/elimina/", state.delete, name="delete"),
        path("stato/<slug:code>/ritira/", state.retire, name="retire"),
        path("stato/<slug:code>/ripristina/", state.restore, name="restore"),
        path("comuni/", looks.looks, name="looks"),
        path("comuni/nuovo/", looks.new, name="new_look"),
        path("comuni/<slug:look>/", looks.look, name="look"),
        path("comuni/<slug:look>/elimina/", looks.delete, name="delete_look"),
        path("immagini/<slug:sha256>.png", looks.image, name="image"),
    ],
    "states",
)
company_groups = (
    [
        path("", groups.groups, name="groups"),
        path("nuovo/", groups.new, name="new"),
        path("gruppo/<slug:group>/", groups.group, name="group"),
        path("gruppo/<slug:group>/elimina/", groups.delete, name="delete"),
    ],
    "groups",
)
changes = (
    [
        path("", change_views.company, name="company"),
        path("installazione/", change_views.whole, name="installation"),
    ],
    "changes",
)
