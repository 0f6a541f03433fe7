"""The one exception of this stage: why a packet can't be used. It never leaves the stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from biofeedback.messages import RejectReason


class Malformed(Exception):  # noqa: N818 - the packet is malformed, the program is not in error
    """A packet can't be used. ``detail`` is for a person."""

    def __init__(self, reason: RejectReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason: RejectReason = reason
        self.detail = detail
