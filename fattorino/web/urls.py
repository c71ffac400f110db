from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from fattorino.web import language, views

app_name = "web"
urlpatterns = [
    path("", views.home, name="home"),
    # Before the account pages of the library, which it stands in for when no mail can be sent.
    path("accesso/password/reset/", views.password_reset, name="password_reset"),
    # Nobody changes her own address, with which she enters: who administers Fattorino gives it.
    path("accesso/email/", RedirectView.as_view(pattern_name="web:home")),
    path("azienda/", views.company_switch, name="company_switch"),
    path("lingua/", language.switch, name="language"),
]
