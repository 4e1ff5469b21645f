"""Engines that break."""

from mien.errors import EngineError


class Broken:
    label = "broken"

    def hear(self, sounds):
        raise EngineError("out of order")

    def read(self, faces):
        return 1 / 0


def voice(settings):
    return Broken()


face_reader = voice
