from __future__ import annotations

from django.urls import path

from fattorino.documents.views import bulk, edit, imports, listing, live, page, preservation, rows

app_name = "documents"
urlpatterns = [
    path("", listing.entrate, name="list"),
    path("novita/", listing.news, name="news"),
    path("esporta.csv", listing.export_csv, name="export_csv"),
    path("esporta.xlsx", listing.export_xlsx, name="export_xlsx"),
    path("invio-massivo/", bulk.start, name="bulk"),
    path("nuovo/", edit.new, name="new"),
    path("totali/", live.totals, name="totals"),
    path("controparti/", live.counterparts, name="counterparts"),
    path("allegati/", live.attach, name="attach"),
    path("importa/", imports.importa, name="import"),
    path("importa/<int:import_id>/", imports.outcome, name="import_outcome"),
    path("<int:document_id>/", page.page, name="page"),
    path("<int:document_id>/novita/", page.live, name="live"),
    path("<int:document_id>/modifica/", edit.edit, name="edit"),
    path("<int:document_id>/azione/", page.run, name="run"),
    path("<int:document_id>/stato/", page.change_state, name="change_state"),
    path("<int:document_id>/conservazione/", preservation.edit, name="preservation"),
    path("<int:document_id>/riga/azione/", rows.run, name="row_run"),
    path("<int:document_id>/riga/stato/", rows.change_state, name="row_change_state"),
    path("<int:document_id>/riga/storia/", rows.history, name="row_history"),
    path("<int:document_id>/file/<int:file_id>/", page.file, name="file"),
    path("<int:document_id>/copia.pdf", page.pdf, name="pdf"),
]
