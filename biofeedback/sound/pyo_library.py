"""Load pyo once, without its windows, and keep all that is made with it.

* pyo has no types and fills a namespace of several hundred names, so it is ``Any`` here and
  nowhere else.
* An object that Python forgets takes its tables with it while pyo's C side still reads them, which
  ends the process: so whatever is made stays until the process ends.
* Arithmetic on signals makes signals too: pyo's own constructor tells of all of them, in order.
* Only the sound process imports this module.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

from biofeedback.errors import SoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

os.environ["PYO_GUI_WX"] = "0"

try:
    _library: Any = importlib.import_module("pyo")
except ImportError as error:
    raise SoundError(
        f"the sound library pyo can't be loaded ({error}); install it with: pip install pyo "
        "(there is no wheel for Linux on ARM)"
    ) from error


class _KeepingLibrary:
    """pyo's classes by name; every instance is kept.

    ``signals`` are all that were made, in order, those of arithmetic included.
    """

    def __init__(self) -> None:
        self._kept: list[Any] = []
        self.signals: list[Any] = []
        construct = _library.PyoObject.__init__

        def note(signal: Any, *args: Any, **options: Any) -> None:
            construct(signal, *args, **options)
            self.signals.append(signal)

        _library.PyoObject.__init__ = note

    def __getattr__(self, name: str) -> Any:
        made_by = getattr(_library, name)

        def make(*args: Any, **options: Any) -> Any:
            made = made_by(*args, **options)
            self._kept.append(made)
            return made

        setattr(self, name, make)
        return make


def _take_inputs_directly() -> None:
    """Leave out the fader that pyo puts before each input, so that it may be changed later.

    Nobody does that here, and one in five signals would be such a copy.
    """

    def take(signal: Any) -> Any:
        return signal

    modules: list[tuple[str, Any]] = list(sys.modules.items())
    for name, module in modules:
        if name.startswith("pyo.lib.") and hasattr(module, "InputFader"):
            module.InputFader = take


_take_inputs_directly()
pyo: Any = _KeepingLibrary()


def add_up(*signals: Any) -> Any:
    """Return the sum of all streams of some signals, as one stream.

    pyo.Mix would do, but asks Python for each of its inputs in each block, and that was a fifth of
    what pyo cost. Here each sum adds a stream to the sum before, in the same order.
    """
    streams = [stream for signal in signals for stream in signal.getBaseObjects()]
    total: Any = 0.0
    for stream in streams:
        total = pyo.Sig(stream, add=total)
    return total


def drop_ends(signals: Sequence[Any]) -> list[Any]:
    """Stop what tells that an envelope has ended, for nobody listens; return the other signals."""
    ends = [signal["trig"] for signal in signals if signal["trig"] is not None]
    for end in ends:
        end.stop()
    stopped = {id(end) for end in ends}  # pyo's signals can't be compared: that makes a signal
    return [signal for signal in signals if id(signal) not in stopped]
