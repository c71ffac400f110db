"""Every address of the product. Pages under the company in use; the doors of programs and of SdI apart."""

from __future__ import annotations

from django.urls import include, path

from fattorino.api.app import api
from fattorino.api.hub import api as hub_api
from fattorino.hub import page_urls as hub
from fattorino.workflow import urls as workflow

urlpatterns = [
    path("", include("fattorino.web.urls")),
    path("accesso/", include("allauth.account.urls")),
    path("accesso/2fa/", include("allauth.mfa.urls")),
    path("avvisi/", include("fattorino.workflow.notice_urls")),
    path("dashboard/", include("fattorino.workflow.dashboard_urls")),
    path("entrate/", include("fattorino.documents.urls")),
    path("a-mano/", include(hub.by_hand)),
    path("impostazioni/canali/", include(hub.channels)),
    path("impostazioni/programmi/", include(hub.programs)),
    path("impostazioni/stati/", include(workflow.states)),
    path("impostazioni/gruppi/", include(workflow.company_groups)),
    path("impostazioni/modifiche/", include(workflow.changes)),
    path("impostazioni/firma/", include("fattorino.hub.signing_urls")),
    path("invio-massivo/", include("fattorino.workflow.bulk_urls")),
    path("passive/", include("fattorino.documents.passive_urls")),
    path("passive/esiti/", include("fattorino.hub.outcome_urls")),
    path("messaggi/", include("fattorino.hub.message_urls")),
    path("sdi/", include("fattorino.hub.urls")),
    path("api/v1/", api.urls),
    path("api/hub/v1/", hub_api.urls),
]

handler400 = "fattorino.web.views.bad_request"
handler403 = "fattorino.web.views.permission_denied"
handler404 = "fattorino.web.views.page_not_found"
# Of django-allauth, not of Django.
handler429 = "fattorino.web.views.too_many_requests"
handler500 = "fattorino.web.views.server_error"
