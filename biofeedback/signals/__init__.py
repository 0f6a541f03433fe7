"""Stage 2, samples -> measures: pure, causal, and the same however the input is cut into blocks.

body.py        one wearer: samples of all sensors in, measures, events and the state out
motion.py      one acceleration sensor: the order of what follows
  quality.py     rates, clipping, clocks: how far a sensor can be trusted
  resample.py    uneven samples -> an even 50 Hz grid; gaps stay gaps
  seconds.py     ticks -> whole seconds, for what needn't be known sooner
  activity.py    quantity of motion, flow, tilt, each within the person's own range
  gait/          steps, cadence, the next step
  movement/      what isn't gait: gestures, repetition, manner, smoothness
beats/         raw signals of the heart -> beats
heart/         heart rate, rhythm, artefacts, variability, coherence
breath/        breathing from heart and chest
findings.py    what is found of one sensor, as messages
synchrony.py   several wearers together, against chance
filters.py     recursive filters with carried state
even_series.py unevenly spaced values -> an even series; spectrum.py its spectrum
"""
