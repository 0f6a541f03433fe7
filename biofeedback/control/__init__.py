"""Stage 3, measures -> wishes -> what is allowed.

A law proposes (``follow.py``; one law per file, listed in ``LAWS``), ``session.py`` says in which
state the session is, ``safety.py`` disposes. ``limits.py`` holds the bounds no plan gets past.
"""

from __future__ import annotations

from biofeedback.control.follow import FollowLaw

LAWS = {"follow": FollowLaw}
"""Control laws by the name that a plan uses."""
