"""What instruments are made of.

instrument.py   what an instrument is, and what its voices are told
envelopes.py    how loudness and colour move inside a note
waves.py        oscillators: wavetables without aliasing, phase modulation
zones.py        precomputed strokes for pitches or ways to strike, played by pyo tables
modes.py        bars, bells, skins: sums of decaying sines
strings.py      plucked strings (Karplus-Strong with a body)
noise.py        the same noise each time, and its filters
"""
