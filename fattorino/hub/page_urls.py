"""Addresses of the Hub's pages for people."""

from __future__ import annotations

from django.urls import path

from fattorino.hub.views import arrivals, letters
from fattorino.hub.views import by_hand as hand
from fattorino.hub.views import channels as pages
from fattorino.hub.views import programs as others

channels = (
    [
        path("", pages.listing, name="list"),
        path("nuovo/", pages.kinds, name="kinds"),
        path("nuovo/<slug:way>/", pages.new, name="new"),
        path("vie/", pages.ways, name="ways"),
        path("<int:channel_id>/", pages.channel, name="channel"),
        path("<int:channel_id>/arrivi/", arrivals.arrivals, name="arrivals"),
        path("<int:channel_id>/rapporti/", arrivals.reports, name="reports"),
        path("<int:channel_id>/rapporti/<int:report_id>/", arrivals.report, name="report"),
        path("<int:channel_id>/prova/", pages.test, name="test"),
        path("<int:channel_id>/sincronizza/", pages.look, name="look"),
        path("<int:channel_id>/attiva/", pages.activate, name="activate"),
        path("<int:channel_id>/elimina/", pages.delete, name="delete"),
    ],
    "channels",
)
by_hand = (
    [
        path("", hand.listing, name="list"),
        path("file.zip", hand.archive, name="zip"),
        path("file/<int:submission_id>/", hand.file, name="file"),
        path("trasmesso/<int:submission_id>/", hand.sent, name="sent"),
        path("riprendi/<int:submission_id>/", hand.back, name="back"),
        path("ricevute/", hand.receipts, name="receipts"),
        path("ricevuta/<int:document_id>/", hand.receipt, name="receipt"),
        path("cliente/<int:document_id>/", letters.letter, name="letter"),
    ],
    "by_hand",
)
programs = (
    [
        path("", others.listing, name="list"),
        path("token/", others.new_token, name="token"),
        path("token/revoca/", others.revoke, name="revoke"),
        path("file/", others.files, name="files"),
        path("webhook/", others.new_hook, name="new_hook"),
        path("webhook/<int:webhook_id>/", others.hook, name="hook"),
        path("webhook/<int:webhook_id>/prova/", others.test_hook, name="test_hook"),
        path("webhook/<int:webhook_id>/segreto/", others.rotate_hook, name="rotate_hook"),
        path("webhook/<int:webhook_id>/attiva/", others.switch_hook, name="switch_hook"),
        path("webhook/<int:webhook_id>/elimina/", others.remove_hook, name="remove_hook"),
    ],
    "programs",
)
