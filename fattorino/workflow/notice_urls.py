"""Addresses of a person's notices, and of the e-mails that tell of them."""

from __future__ import annotations

from django.urls import path

from fattorino.workflow.views import notices

app_name = "notices"
urlpatterns = [
    path("", notices.listing, name="list"),
    path("elenco.csv", notices.listing_file, {"kind": "csv"}, name="csv"),
    path("elenco.xlsx", notices.listing_file, {"kind": "xlsx"}, name="xlsx"),
    path("campanella/", notices.bell, name="bell"),
    path("letti/", notices.all_read, name="all_read"),
    path("preferenze/", notices.preferences, name="preferences"),
    path("posta/", notices.delivery, name="delivery"),
    path("posta/riprova/", notices.try_again, name="try_again"),
    path("<int:notice_id>/", notices.open_notice, name="open"),
    path("<int:notice_id>/letto/", notices.read, name="read"),
]
