from __future__ import annotations

import pathlib

import pytest

SHARED = pathlib.Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> pathlib.Path:
    """Official schemas and samples, where they are at hand; the project holds no copy of them."""
    if not SHARED.is_dir():
        pytest.skip("skipped: no shared data")
    return SHARED
