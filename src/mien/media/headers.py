"""What headers say, read before anything is decoded: the size of a picture and which way is up, the length of
a WAV file."""

import struct
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from os import SEEK_END
from typing import BinaryIO, NamedTuple

ORIENTATION = 0x0112
"""The EXIF tag that says which way is up."""

LEFT_OPEN = 0x7FFFF000
"""Sizes from here on are what recorders write that do not know how long the sound will be."""

_MAX_EXIF = 1 << 20
_MAX_PARTS = 1000  # segments or chunks before the picture itself; more is no picture
_MAX_PICTURES = 100_000  # chunks of a WebP that moves
_SMALLER = 0x01  # the flag of a TIFF's picture that shows another one smaller
_ANIMATED = 0x02  # the flag of a WebP that moves


class Header(NamedTuple):
    """What a header says. Unsaid, the size is 0 × 0 and the picture upright."""

    width: int = 0
    height: int = 0
    orientation: int = 1
    """As EXIF counts: 1 upright, 3 upside down, 6 and 8 on its side, 2, 4, 5 and 7 mirrored besides."""
    cut_short: bool = False
    """Whether a JPEG or a PNG lacks the mark that ends it."""
    moves: bool = False
    """Whether a PNG or a WebP is made of several pictures, which are shown one after the other."""
    tiled: bool = False
    """Whether a TIFF is in tiles, or has JPEG inside."""
    pages: bool = False
    """Whether a TIFF holds more pictures, and not only the same one smaller."""


def read_header(file: BinaryIO) -> Header:
    """Whatever the header of a picture says; a header that makes no sense says nothing."""
    begin = file.read(32)
    file.seek(0)
    try:
        if begin.startswith(b"\xff\xd8"):
            return _jpeg(file)
        if begin.startswith(b"\x89PNG"):
            return _png(file)
        if begin[:4] == b"RIFF" and begin[8:12] == b"WEBP":
            return _webp(file)
        if begin.startswith(b"GIF8"):
            return Header(*struct.unpack_from("<HH", begin, 6))
        if begin.startswith(b"BM"):
            width, height = struct.unpack_from("<ii", begin, 18)
            return Header(width, abs(height))  # a negative height counts from the top
        if begin[:4] in {b"II*\0", b"MM\0*"}:
            return _tiff(file)
    except struct.error:  # cut short
        pass
    return Header()


def read_wav_length(file: BinaryIO) -> float | None:
    """Seconds of sound that the header of a WAV file promises, where the file lacks some of it; None where
    all is there (of compressed sound some write a wrong rate), or the header leaves it open."""
    rate, size, rest = _wav(file)
    return size / rate if rate and rest < 0 else None


def is_longer_than_stated(file: BinaryIO) -> bool:
    """Whether a second or more of what is no chunk follows the sound of a WAV file: recorders that break off
    may leave a length from before, and sizes from 4 GB on begin at 0 again."""
    rate, size, rest = _wav(file)
    if not rate or rest < rate:
        return False
    file.seek(-rest + size % 2, SEEK_END)
    name = file.read(4)
    return any(name) and not (name.isascii() and name.decode().isprintable())


def _wav(file: BinaryIO) -> tuple[int, int, int]:
    """Of a WAV file the bytes a second, those of sound that it promises, and how many follow these: fewer
    than none where some lack. Zeros where it does not say."""
    file.seek(12)
    rate = 0
    for _ in range(_MAX_PARTS):
        head = file.read(8)
        if len(head) < 8:
            break
        name, size = struct.unpack("<4sI", head)
        if name == b"data":
            end = file.tell() + size
            return (rate, size, file.seek(0, SEEK_END) - end) if 0 < size < LEFT_OPEN else (0, 0, 0)
        begin = file.read(12) if name == b"fmt " else b""
        if len(begin) == 12:
            rate = struct.unpack_from("<I", begin, 8)[0]
        file.seek(size + size % 2 - len(begin), 1)
    return 0, 0, 0


def _jpeg(file: BinaryIO) -> Header:
    header = Header()
    file.seek(2)
    for _ in range(_MAX_PARTS):
        marker, length = struct.unpack(">HH", file.read(4))
        if marker == 0xFFDA:  # the picture itself, in which no other mark looks like that of the end
            return header._replace(cut_short=b"\xff\xd9" not in file.read())
        if marker >> 8 != 0xFF or length < 2:
            break
        if marker == 0xFFE1:
            exif = file.read(length - 2)
            if exif.startswith(b"Exif\0\0"):
                header = header._replace(orientation=_orientation(exif[6:]))
        elif 0xFFC0 <= marker <= 0xFFCF and marker not in {0xFFC4, 0xFFC8, 0xFFCC}:
            height, width = struct.unpack(">xHH", file.read(5))
            header = header._replace(width=width, height=height)
            file.seek(length - 7, 1)
        else:
            file.seek(length - 2, 1)
    return header


def _png(file: BinaryIO) -> Header:
    header = Header()
    file.seek(8)
    for _ in range(_MAX_PARTS):
        length, kind = struct.unpack(">I4s", file.read(8))
        if kind == b"IHDR":
            width, height = struct.unpack(">II", file.read(8))
            header = header._replace(width=width, height=height)
            length -= 8
        elif kind == b"eXIf" and length <= _MAX_EXIF:
            header = header._replace(orientation=_orientation(file.read(length)))
            length = 0
        elif kind == b"acTL":
            header = header._replace(moves=struct.unpack(">I", file.read(4))[0] > 1)
            length -= 4
        elif kind == b"IDAT":
            rest = file.read()
            at = rest.rfind(b"eXIf")  # it may come last
            if header.orientation == 1 and at >= 0:
                header = header._replace(orientation=_orientation(rest[at + 4 : at + 4 + _MAX_EXIF]))
            return header._replace(cut_short=b"\0\0\0\0IEND" not in rest)
        file.seek(length + 4, 1)
    return header


def _webp(file: BinaryIO) -> Header:
    header = Header()
    for kind, length in _chunks(file):
        if kind == b"VP8X":
            part = file.read(10)
            width, height = (1 + int.from_bytes(part[at : at + 3], "little") for at in (4, 7))
            header = header._replace(width=width, height=height, moves=bool(part[0] & _ANIMATED))
        elif kind == b"VP8 " and not header.width:
            width, height = struct.unpack("<6xHH", file.read(10))
            header = header._replace(width=width & 0x3FFF, height=height & 0x3FFF)
        elif kind == b"VP8L" and not header.width:
            (bits,) = struct.unpack("<xI", file.read(5))
            header = header._replace(width=1 + (bits & 0x3FFF), height=1 + (bits >> 14 & 0x3FFF))
        elif kind == b"EXIF" and length <= _MAX_EXIF:
            return header._replace(orientation=_orientation(file.read(length).removeprefix(b"Exif\0\0")))
    return header


def read_durations(file: BinaryIO) -> list[float]:
    """How many seconds each picture of a WebP that moves is shown, as far as it goes."""
    parts = (file.read(15) for kind, _ in _chunks(file, _MAX_PICTURES) if kind == b"ANMF")
    return [int.from_bytes(part[12:], "little") / 1000 for part in parts if len(part) == 15]


def _chunks(file: BinaryIO, most: int = _MAX_PARTS) -> Iterator[tuple[bytes, int]]:
    """The chunks of a RIFF file; at each, the file stands at its content."""
    at = 12
    for _ in range(most):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return
        kind, length = struct.unpack("<4sI", head)
        yield kind, length
        at += 8 + length + length % 2


def _tiff(file: BinaryIO) -> Header:
    directories = _directories(file)
    tags, other = next(directories, {}), next(directories, None)
    return Header(
        tags.get(0x0100, 0),
        tags.get(0x0101, 0),
        _upright(tags.get(ORIENTATION)),
        tiled=0x0142 in tags or tags.get(0x0103) in {6, 7},
        pages=other is not None and not other.get(0x00FE, 0) & _SMALLER,
    )


def _orientation(exif: bytes) -> int:
    return _upright(next(_directories(BytesIO(exif)), {}).get(ORIENTATION))


def _upright(orientation: int | None) -> int:
    return orientation if orientation is not None and 1 <= orientation <= 8 else 1


def _directories(tiff: BinaryIO) -> Iterator[dict[int, int]]:
    """The tags of each directory that are one whole number; one that makes no sense is the end. Directories
    may lie behind the pictures."""
    order = "<" if tiff.read(4).startswith(b"II") else ">"
    with suppress(struct.error):
        while at := struct.unpack(order + "I", tiff.read(4))[0]:
            tiff.seek(at)
            (count,) = struct.unpack(order + "H", tiff.read(2))
            tags = {}
            for tag, kind, values, value in struct.iter_unpack(order + "HHI4s", tiff.read(12 * count)):
                if values == 1 and kind in {3, 4}:  # two bytes, four bytes
                    (tags[tag],) = struct.unpack_from(order + ("H" if kind == 3 else "I"), value)
            yield tags
