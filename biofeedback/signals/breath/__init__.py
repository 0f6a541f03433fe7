"""Breathing: what it does to the heart's rhythm, to the height of R waves and to the chest.

breathing.py   the rate in one such signal, and which of them leads
chest_motion.py the chest's own movement
"""
