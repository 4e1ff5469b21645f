"""Face meshes, one by one."""

from collections.abc import Iterator
from dataclasses import dataclass

from mien.segments import Reading
from mien.types import Mesh


@dataclass(frozen=True, slots=True)
class Meshes:
    """Every mesh of a landmark file."""

    transcribed = False

    def segments(self, reading: Reading) -> Iterator[Mesh]:
        return (Mesh(index=i, points=p) for i, p in enumerate(reading.media.meshes))
