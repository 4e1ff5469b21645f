"""Recordings that arrive in chunks, as browsers make them: only the first begins with the head (which
tracks, which codecs) without which the others cannot be read."""

EBML, CLUSTER = b"\x1a\x45\xdf\xa3", b"\x1f\x43\xb6\x75"
BLOCKS = (b"\xa3", b"\xa0")
"""What a WebM file, a cluster of it, and a block of a cluster begin with: the ids of these elements."""

_OPEN_CLUSTER = CLUSTER + b"\x01\xff\xff\xff\xff\xff\xff\xff" + b"\xe7\x81\x00"
"""A cluster of unknown length that begins at 0. Its blocks keep their time, counted from another begin:
a recording begins where its first block does."""

_LONGEST_HEAD = 1 << 16


class Chunks:
    """Makes of every chunk of a recording a recording by itself."""

    def __init__(self) -> None:
        self._head = b""

    def whole(self, chunk: bytes) -> bytes:
        """The chunk with the head that it lacks; anything else as it is."""
        if chunk.startswith(EBML):
            begin = chunk.find(CLUSTER, 0, _LONGEST_HEAD)
            self._head = chunk[: max(0, begin)]
        elif self._head and chunk.startswith(CLUSTER):
            return self._head + chunk
        elif self._head and chunk.startswith(BLOCKS):
            return self._head + _OPEN_CLUSTER + chunk
        return chunk
