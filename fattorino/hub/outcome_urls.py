"""What a person does about an answer to SdI that did not go out by itself."""

from __future__ import annotations

from django.urls import path

from fattorino.hub.views import outcomes

app_name = "outcomes"
urlpatterns = [
    path("<int:outcome_id>/riprova/", outcomes.retry, name="retry"),
    path("<int:outcome_id>/inviato/", outcomes.sent, name="sent"),
    path("<int:outcome_id>/indica/", outcomes.state, name="state"),
]
