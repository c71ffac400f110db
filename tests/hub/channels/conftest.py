"""Fixtures of the channels' tests."""

from tests.hub.channels.pec_house import house, loop, tls  # noqa: F401 - a provider of PEC in this process
