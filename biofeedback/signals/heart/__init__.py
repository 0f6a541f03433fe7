"""A heart: its rate, its rhythm, and how far they can be trusted.

heart.py       as a device tells it
beat_heart.py  as a raw signal tells it, by its beats
  intervals.py   RR intervals of packets: what they are worth at once, when their beats were
rate_gate.py   what a rate must pass, whoever tells it
  suspicion.py   rates that are something else: a frozen number, the rhythm of the steps
rhythm.py      the one path from beats of any source to what follows
  artefacts.py   missed, extra, displaced and ectopic beats, three beats late
    odd_forms.py   which beats of an ECG look odd
    usual_size.py  how large something usually is in one person
  variability.py RMSSD and SDNN
  coherence.py   how much of it is one slow, even wave
  recovery.py    how far the rate falls in the minute after effort
"""
