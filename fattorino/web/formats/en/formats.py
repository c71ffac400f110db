"""Dates and numbers of the English pages: the Italian ones, as Django defines them."""

from django.conf.locale.it.formats import *  # noqa: F403
