"""Bursts, from begin to end."""

import numpy as np

from mien.engines import Engines
from mien.engines.stub import Stub
from mien.segments import Reading
from mien.segments.bursts import Bursts
from mien.types import Interval
from tests.media import Talk, silence, tone


def test_a_burst_is_a_piece_that_ends_with_the_sound_at_the_latest(settings):
    sound = np.concatenate([silence(1.6), tone(1.6), silence(1.6), tone(0.7)])

    first, last = Bursts().segments(Reading(Talk(sound=sound), Engines(settings), None))

    assert first.time.begin == 1.6
    assert first.time.end == 3.2
    assert last.time.end == 5.5
    assert first.heard[:-1].min() > 0.1


def test_a_recording_is_heard_once_for_prosody_and_bursts(settings):
    engines = Engines(settings)

    class Counted(Stub):
        blocks = 0

        def hear(self, sounds):
            self.blocks += len(sounds)
            return super().hear(sounds)

    engines._loaded["voice"] = voice = Counted()
    reading = Reading(Talk(sound=tone(3)), engines, None)

    assert len(list(Bursts().segments(reading))) == 1
    assert reading.hearing.between(Interval(0, 1)) is not None
    assert voice.blocks == 1
