"""Stage 3 as well: the eight ways of working, one a file, and the machine of their phases.

::

    plan.py       what a plan says
    therapy.py    what a therapy is, and how a report is told
    session.py    from consent to report: which phase, which law, what is asked
    questions.py  what waits for an answer, and when symptoms are asked for
    endings.py    what ends a phase
    watch.py      what is measured of the body beside the laws
    check.py      what a plan may not be

``control/session.py`` decides about safety; a plan only goes on while that one runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biofeedback.therapies.analytical import ANALYTICAL
from biofeedback.therapies.contingent import CONTINGENT
from biofeedback.therapies.gait import GAIT
from biofeedback.therapies.group import GROUP
from biofeedback.therapies.guided_imagery import GUIDED_IMAGERY
from biofeedback.therapies.improvisation import IMPROVISATION
from biofeedback.therapies.movement import MOVEMENT
from biofeedback.therapies.songwriting import SONGWRITING

if TYPE_CHECKING:
    from biofeedback.therapies.plan import TherapyName
    from biofeedback.therapies.therapy import Therapy

THERAPIES: dict[TherapyName, Therapy] = {
    "guided-imagery": GUIDED_IMAGERY,
    "gait": GAIT,
    "contingent": CONTINGENT,
    "analytical": ANALYTICAL,
    "improvisation": IMPROVISATION,
    "group": GROUP,
    "movement": MOVEMENT,
    "songwriting": SONGWRITING,
}
"""The eight ways of working, by the name that a plan uses."""
