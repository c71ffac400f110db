"""Addresses of the Hub's pages for people."""

from __future__ import annotations

from django.urls import path

from fattorino.hub.views import channels as pages

channels = (
    [
        path("", pages.listing, name="list"),
        path("nuovo/", pages.kinds, name="kinds"),
        path("nuovo/<slug:way>/", pages.new, name="new"),
        path("vie/", pages.ways, name="ways"),
        path("<int:channel_id>/", pages.channel, name="channel"),
        path("<int:channel_id>/prova/", pages.test, name="test"),
        path("<int:channel_id>/attiva/", pages.activate, name="activate"),
        path("<int:channel_id>/elimina/", pages.delete, name="delete"),
    ],
    "channels",
)
