"""Counts in sentences: one row, two rows."""

from __future__ import annotations


def counted(number: int, thing: str, things: str | None = None) -> str:
    """Write how many there are, as ``1 row`` or ``2 rows``.

    Args:
        number: How many.
        thing: What one is called.
        things: What several are called, if not with an s.
    """
    return f"{number} {thing if number == 1 else things or f'{thing}s'}"
