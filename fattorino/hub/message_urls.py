"""Addresses of SdI's messages: the list, what waits for a person, what SdI still owes."""

from __future__ import annotations

from django.urls import path

from fattorino.hub.views import messages, messages_nobodys, terms

app_name = "sdi_messages"
urlpatterns = [
    path("", messages.listing, name="list"),
    path("da-abbinare/", messages.to_match, name="to_match"),
    path("attese/", terms.listing, name="terms"),
    path("di-nessuno/", messages_nobodys.listing, name="nobodys"),
    path("di-nessuno/<int:message_id>/", messages_nobodys.message, name="nobodys_message"),
    path("di-nessuno/<int:message_id>/file/", messages_nobodys.file, name="nobodys_file"),
    path("<int:message_id>/", messages.message, name="message"),
    path("<int:message_id>/file/", messages.file, name="file"),
]
