from __future__ import annotations

from django.urls import path

from fattorino.web import views

app_name = "web"
urlpatterns = [
    path("", views.home, name="home"),
    path("azienda/", views.company_switch, name="company_switch"),
]
