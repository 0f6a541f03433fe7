"""Stage 2, samples -> measures: pure, causal, and the same however the input is cut into blocks.

body.py        one wearer: samples of all sensors in, measures, events and the state out
motion.py      one acceleration sensor: the order of what follows
  resample.py    uneven samples -> an even 50 Hz grid; gaps stay gaps
  filters.py     recursive filters with carried state
  activity.py    quantity of motion, flow, tilt, each within the person's own range
  belief.py      how sure is it that somebody walks
  rhythm.py      is the movement periodic, and at what step period
  lift.py        which share of the movement goes up and down
  steps.py       initial contacts, confirmed by rhythm
  cadence.py     steps per minute and step time variability
  prediction.py  when the next step will be, and how sure that is
  freezing.py    trembling legs against swinging ones
  movement.py    what isn't gait, at once:
    swings.py      rises along the movement's own direction
    gestures.py    sudden and repeated movements, with a direction
    cycle.py       period and phase of what repeats itself
  seconds.py     ticks -> whole seconds, for what needn't be known sooner:
    manner.py      still, sudden, sustained, heavy, trembling, tilted
    smoothness.py  SPARC and LDLJ of one movement
feet.py        two sensors on two feet: are the steps alike
heart.py       heart rate that can be trusted, as a device tells it
beat_heart.py  the same from a raw signal: the order of what follows
  ecg.py         an ECG -> beats; pulses.py an optical signal -> beats
  even_stream.py stretches of constant rate, and when each sample was taken
  qrs_band.py    what is sharp enough for a QRS complex; pulse_band.py the rise of a pulse
  moving_sum.py  sums of whole numbers, exact however the signal is cut
  beat_search.py candidates, judged once, by height, form and time
  beat_forms.py  what beats look like; beat_traits.py how they differ between signals
  beat.py        a beat
  beat_rate.py   heart rate from beats, that one wrong beat doesn't move
intervals.py   RR intervals: artefacts, beats, RMSSD and SDNN
synchrony.py   several wearers together, against chance
quality.py     rates, clipping, ages: how far a sensor can be trusted
"""
