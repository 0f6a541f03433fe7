"""What was learned at the start of a stream, for the packets that can't be read without it.

Numbers such as ``factor``, ``range_g`` or ``payload_id``; the only text is the ``path`` of a
subscription. Whatever comes from outside is checked where it is read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeAlias

from biofeedback.decode.malformed import Malformed

Context: TypeAlias = Mapping[str, float | str]


def read_number(context: Context, key: str, default: float | None, *, most: float) -> float:
    """Return a positive number of the context.

    Raises:
        Malformed: It is missing without a default, no number, or not within 0..``most``.
    """
    value = context.get(key, default)
    if type(value) is float and 0 < value <= most:
        return value
    if not isinstance(value, (int, float)) or not math.isfinite(value) or not 0 < value <= most:
        raise Malformed("out_of_range", f"a {key} of {value}")
    return value
