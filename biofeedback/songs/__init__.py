"""The person's own music: found beats, kept in the user's folder. Nothing leaves this machine.

analyse.py      a file -> what is known of it: decoding, loudness, and all below
onsets.py       samples -> how strongly something begins, frame by frame
tempo.py        onsets -> the tempo of each moment
beats.py        onsets and tempo -> beats
bars.py         beats -> which of them begin a bar, how many make one
confidence.py   how far the beats can be trusted
taps.py         a person's taps correct octave, phase and tempo
library.py      sidecars: one small JSON for each recording, by its content
"""
