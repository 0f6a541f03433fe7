"""Walking and running.

steps.py       initial contacts, confirmed by rhythm
  belief.py      how sure is it that somebody walks
  rhythm.py      is the movement periodic, and at what step period
  strolling.py   slow walking, at a hand of which only the length is known
  lift.py        which share of the movement goes up and down
cadence.py     steps per minute and step time variability
prediction.py  when the next step will be, and how sure that is
freezing.py    trembling legs against swinging ones
feet.py        two sensors on two feet: are the steps alike
told_cadence.py what a foot pod or a bike counts by itself
"""
