"""Addresses of the passive desk."""

from __future__ import annotations

from django.urls import path

from fattorino.documents.views import arrivals, passive, passive_answer, passive_delivery, passive_page

app_name = "passive"
urlpatterns = [
    path("", passive.panel, name="list"),
    path("novita/", passive.news, name="news"),
    path("esporta.csv", passive.export_csv, name="export_csv"),
    path("esporta.xlsx", passive.export_xlsx, name="export_xlsx"),
    path("esporta.zip", passive.export_zip, name="export_zip"),
    path("importa/", arrivals.bring, name="bring"),
    path("importa/<int:brought_id>/", arrivals.brought, name="brought"),
    path("arrivi/", arrivals.arrivals, name="arrivals"),
    path("arrivi/<int:reception_id>/file", arrivals.arrival_file, name="arrival_file"),
    path("arrivi/di-nessuno/", arrivals.nobodys, name="nobodys"),
    path("arrivi/di-nessuno/<int:reception_id>/file", arrivals.nobodys_file, name="nobodys_file"),
    path("cartelle/", arrivals.watched, name="folders"),
    path("<int:document_id>/", passive_page.page, name="page"),
    path("<int:document_id>/novita/", passive_page.live, name="live"),
    path("<int:document_id>/copia.pdf", passive_page.pdf, name="pdf"),
    path("<int:document_id>/allegato/<int:number>/", passive_page.attachment, name="attachment"),
    path("<int:document_id>/non-letta/", passive_page.mark_unread, name="mark_unread"),
    path("<int:document_id>/fornitore/", passive_page.confirm_supplier, name="confirm_supplier"),
    path("<int:document_id>/risposta/", passive_answer.answer, name="answer"),
    path("<int:document_id>/consegna/", passive_delivery.delivery, name="delivery"),
    path("<int:document_id>/integra/", passive_answer.integrate, name="integrate"),
    path("<int:document_id>/contabilizza/", passive_answer.post, name="post"),
]
