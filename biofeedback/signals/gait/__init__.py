"""Walking and running.

steps.py       initial contacts, confirmed by rhythm
  belief.py      how sure is it that somebody walks
  rhythm.py      is the movement periodic, and at what step period
  strolling.py   slow walking, at a hand of which only the length is known
  lift.py        which share of the movement goes up and down
cadence.py     steps per minute and step time variability
prediction.py  when the next step will be, and how sure that is
freezing.py    trembling legs against swinging ones
sides.py       one sensor on the trunk: which steps belong to the same foot
asymmetry.py   are the steps onto these two feet alike
feet.py        two sensors on two feet: are the steps alike
site.py        where is a sensor worn, if nobody said it
  site_features.py  how a walk feels where a sensor sits
told_cadence.py what a foot pod or a bike counts by itself
"""
