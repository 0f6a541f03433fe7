"""Raw signals of the heart -> beats.

ecg.py         an ECG -> beats
pulses.py      an optical signal -> beats
  even_stream.py stretches of constant rate, and when each sample was taken
  qrs_band.py    what is sharp enough for a QRS complex
  pulse_band.py  the rise of a pulse
  moving_sum.py  sums of whole numbers, exact however the signal is cut
  search.py      candidates, judged once, by height, form and time
  window.py      the newest samples, to look at candidates in
  forms.py       what beats look like when sharpened: to find them
  usual_form.py  how unlike the usual wave one is: to know ectopic ones
  quality.py     how sure a beat is
  traits.py      how they differ between signals
beat.py        a beat
rate.py        heart rate from beats, that one wrong beat doesn't move
"""
