"""proto pulses"""
from __future__ import annotations
import numpy as np
from biofeedback.signals.moving_sum import MovingSum

class PulseBand:
    HAT=.12; SM=.08; EN=.2; SLOW=.8
    def __init__(self, rate_hz):
        sm=max(1,round(self.SM*rate_hz)); self._step=max(1,round(self.HAT*rate_hz)); w=max(2,round(self.EN*rate_hz))
        self._s1=MovingSum(sm); self._s2=MovingSum(sm); self._p=MovingSum(w); self._w=w; self._h=None
        self.gain=float(sm*sm); 
        self.sharp_delay=(sm-1)+.5*self._step
        self.energy_delay=self.sharp_delay+.5*(w-1)
    def update(self, v):
        m=self._s2.update(self._s1.update(v))
        if self._h is None: self._h=np.full(self._step,m[0])
        z=np.concatenate((self._h,m)); self._h=z[-self._step:]
        y=z[self._step:]-z[:-self._step]
        y=np.clip(y,-2**27,2**27)
        return y, np.sqrt(self._p.update(y*y)/self._w)
