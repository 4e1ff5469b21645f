"""Decoders that really crash, hang, or take too much, for payloads that say so."""

import sys

from mien.media.decoder import Bounds

BOUNDS = Bounds(max_pixels=10_000_000, max_media_hours=1.0, threads=1, seconds=1.0, memory=1 << 30)
"""Little time, since a test waits until it is over."""

CRASH, HANG, SPIN, FAT, TALK, SLIP, DRIP = (
    b"\x00" + word for word in (b"crash", b"hang", b"spin", b"fat", b"talk", b"slip", b"drip")
)

_PROGRAM = """
import os, time
import numpy as np
from mien.media.decode import open_media
from mien.media.decoder import Bounds, work
from mien.types import Frame

class Drip:
    file_type, fps, duration, has_frames, has_sound, warnings = "video_no_audio", 1.0, None, True, False, ()

    def frames(self, wanted):
        for one in wanted:
            time.sleep(0.1)
            yield Frame(index=one.number, time=0.0, image=np.zeros((1, 1, 3), np.uint8))

def open_(source, name, settings):
    data = source if isinstance(source, bytes) else source.read_bytes()
    match data[1:]:
        case b"crash":
            os.abort()
        case b"hang":
            time.sleep(1000)
        case b"spin":
            while True:
                pass
        case b"fat":
            bytearray(4 << 30)
        case b"talk":
            print("something", flush=True)
        case b"slip":
            raise ZeroDivisionError
        case b"drip":
            return Drip()
    return open_media(data, name, settings)

work(open_, {bounds!r})
"""


def fragile(bounds: Bounds = BOUNDS) -> list[str]:
    """How a decoder is started that payloads can break."""
    return [sys.executable, "-c", _PROGRAM.replace("{bounds!r}", repr(bounds))]
