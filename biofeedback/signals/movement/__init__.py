"""Movement that isn't gait.

movement.py    what is told at once
  swings.py      rises along the movement's own direction
  gestures.py    sudden and repeated movements, with a direction
  cycle.py       period and phase of what repeats itself
manner.py      each other second: still, sudden, sustained, heavy, trembling, tilted
axes.py        the inclination of each axis
smoothness.py  SPARC and LDLJ of one movement
"""
