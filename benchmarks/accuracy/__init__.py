"""The accuracy of the live chain on recordings of others, task by task.

recordings.py  read the recordings beside the checkout, write made ones
chain.py       run the live chain over a recording: what became known, and when
made.py        faults put into real recordings: electrode motion, artefacts, cadence locks
heartbeats.py  R peaks, pulses, RR artefacts, variability
walking.py     steps, cadence, the next step
locks.py       heart rates that follow the steps
handwaving.py  repeated hand movements: an off-line reference, gestures
peers.py       other tools, if they are installed
table.py       a line of the table
"""
