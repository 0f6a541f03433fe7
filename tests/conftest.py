"""What all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with recordings and packet vectors beside the checkout, or a skip."""
    if not (SHARED / "facts" / "vectors.json").is_file():
        pytest.skip("../shared is absent: recordings and captured packets stay outside the project")
    return SHARED
