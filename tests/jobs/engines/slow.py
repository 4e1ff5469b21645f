"""An engine that takes its time: a second of sound in a twentieth of a second."""

import time

from mien.engines.stub import Stub


class Slow(Stub):
    label = "slow"

    def speech(self, sound):
        heard = iter(sound)
        while next(heard, None) is not None:
            time.sleep(0.05)
        return iter(())


def voice_activity(settings):
    return Slow()
