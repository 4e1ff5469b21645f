"""An engine that does not come back."""

import time

from mien.engines.stub import Stub


class Stuck(Stub):
    label = "stuck"

    def speech(self, sound):
        time.sleep(600)


def voice_activity(settings):
    return Stuck()
