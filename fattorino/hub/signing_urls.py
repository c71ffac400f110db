"""The page of the signature, and the door for files that were signed outside."""

from __future__ import annotations

from django.urls import path

from fattorino.hub.views import signing

app_name = "signing"
urlpatterns = [
    path("", signing.key, name="key"),
    path("prova/", signing.test, name="test"),
    path("scelte/", signing.choose, name="choose"),
    path("togli/", signing.retire, name="retire"),
    path("documento/<int:document_id>/", signing.outside, name="outside"),
]
