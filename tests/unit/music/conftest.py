"""Every test that asks for a style gets each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.music.plans import EVERY_STYLE, name_style

if TYPE_CHECKING:
    from biofeedback.music.style import Style


@pytest.fixture(params=EVERY_STYLE, ids=name_style)
def style(request: pytest.FixtureRequest) -> Style:
    """Every style in every meter that it knows."""
    return request.param
