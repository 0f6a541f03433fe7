"""A late block is a click: go before what can wait, where the system lets us.

The process asks for what sound servers have. The one thread that renders asks for more, for there a
busy neighbour costs up to 13 ms: it waits for each block, so it can't keep the processor. None of
it is needed, and nobody is told when the system refuses.
"""

from __future__ import annotations

import contextlib
import os

_NICE = -11  # as sound servers have
_REALTIME = 4  # below the sound server, which feeds us; sound servers have 5 or more


def prefer_process() -> None:
    """Let this thread, and those it will start, go before others."""
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, _NICE)


def prefer_thread() -> None:
    """Let this thread go before all that isn't real time; one that already does keeps its rank."""
    if hasattr(os, "sched_setscheduler"):
        with contextlib.suppress(OSError):
            if os.sched_getscheduler(0) == os.SCHED_OTHER:
                policy = os.SCHED_RR | os.SCHED_RESET_ON_FORK
                os.sched_setscheduler(0, policy, os.sched_param(_REALTIME))
