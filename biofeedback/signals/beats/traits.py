"""How beats look in one kind of signal: what the search for them needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from biofeedback.signals.beats.quality import Circumstances, Usual
    from biofeedback.signals.beats.usual_form import UsualForm


class Band(Protocol):
    """What turns a signal into sharpness and strength; see qrs_band.py.

    A signal is cut off beyond ``most``.
    """

    most: int
    gain: float
    sharp_delay: float
    energy_delay: float

    def update(
        self, values: NDArray[np.float64], /
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Filter the next values, whole numbers."""
        ...


@dataclass(frozen=True, slots=True)
class Traits:
    """How beats look in one kind of signal.

    ``wait_s`` is how long a candidate waits for a higher one, ``refractory_s`` how long after a
    beat nothing can be one, ``echo_s`` until when a low candidate is its echo (T wave, dicrotic
    wave); the peak lies within ``peak_within_s`` of the strongest place, its form is compared
    ``form_s`` to both sides. What is lower than ``flattest`` units is no signal. ``bar_early`` is
    what a candidate within half an interval must reach, in heights of a beat. ``odds``
    tells how sure a beat is, ``usual_form`` makes what tells how unlike the others it looks.
    """

    band: Callable[[float], Band]
    wait_s: float
    refractory_s: float
    echo_s: float
    peak_within_s: float
    form_s: float
    flattest: float
    bar_early: float
    odds: Callable[[Circumstances, Usual], float]
    usual_form: Callable[[float], UsualForm] | None
