"""4. decision -> notes: pure, exact, without memory.

beats.py        ticks <-> nanoseconds through tempo ramps, in whole numbers
chance.py       deterministic draws from a seed
scales.py       modes and keys; a degree -> a pitch
form.py         where a bar stands (cycle, section, phrase) and in which key
harmony.py      chords: functions, phrases, voice leading
melody.py       motifs that are repeated, varied and answered
composition.py  every note that could sound in a bar, with its threshold
mapping.py      musical parameters -> which notes sound, how loud, how long, how high
arrangement.py  which notes start in [a, b)?
performer.py    the beat clock and the plan put together, for the engine and for curves
style.py        what a style has to say; styles/ holds one file for each
"""
