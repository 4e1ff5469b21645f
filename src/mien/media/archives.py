"""Archives become files of ours: .zip, .tar.gz, .tar.bz2, .tar.xz, known by their content.

Nothing that an archive says of itself is trusted. Bytes are counted as they come out, files get names
of our own, and the names that are handed on stay within the archive.
"""

import bz2
import gzip
import io
import lzma
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO, Protocol, Self, TypeAlias

from mien.errors import BrokenMedia, MediaError, MediaTooLarge, UnknownFileType, UnsafeArchive
from mien.media.kinds import SAVE_AS_TEXT
from mien.settings import Settings

CHUNK = 1 << 18
"""Bytes that are unpacked at once."""

DIRECTORY_ENTRY = 1000
"""Bytes of the table of contents of a zip, for each file that may be in it: the whole is read at once."""

UNSUSPECTED = 10_000_000
"""Bytes that an archive may unpack to before its ratio is looked at: small ones shrink well."""

MAX_NAME = 4096
"""Characters of a path within an archive: as many as operating systems allow."""

MAX_HEADER = 1 << 17
"""Bytes that a tar may say about one member before its content begins, and about all of them at once."""

MAX_DIGITS = 255
"""In a row, in what is said about a member: as many as a name can have."""

MAX_XZ_MEMORY = 1 << 29
"""Bytes of memory that unpacking an xz may take; the highest level takes 65 MB."""

_DOCUMENT = {
    "[Content_Types].xml",
    "Index/Document.iwa",
    "META-INF/container.xml",
    "META-INF/manifest.xml",
}
"""What lies in the zips that office programs and makers of e-books write, and in no other."""

_BROKEN = (
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What the standard library raises on damaged archives."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file that was unpacked. `name` is its path within the archive."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Refused:
    """A member that was not unpacked."""

    name: str
    reason: str


Unpacked: TypeAlias = Iterator[Member | Refused]


class _Readable(Protocol):
    """What a tar, or a member of an archive, is read from."""

    def read(self, size: int, /) -> bytes: ...


def is_archive(path: Path) -> bool:
    """Whether the file is an archive by its content. One that is damaged further on is still one."""
    with path.open("rb") as file:
        head = file.read(6)
        if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            return True
        file.seek(0)
        try:
            return head.startswith(_PACKED) and _begins_tar(_unpacked(file, head).read(tarfile.BLOCKSIZE))
        except _BROKEN:
            return False


def is_document(file: BinaryIO, settings: Settings) -> bool:
    """Whether a file is a document of an office program, or an e-book: a zip of the parts of one."""
    if _directory_size(file) > DIRECTORY_ENTRY * settings.max_archive_members:
        return False
    try:
        with zipfile.ZipFile(file) as archive:
            return _is_document(archive)
    except _BROKEN:
        return False


def unpack(path: Path, folder: Path, settings: Settings) -> Unpacked:
    """Store the files of an archive in the folder one by one, each when it is asked for.

    Folders, and what macOS puts beside files (`__MACOSX`, `._name`), are left out.

    Raises:
        UnsafeArchive: it would unpack to many times its size, or hides too much in its headers.
        MediaTooLarge: it holds more files or bytes than the settings allow.
        UnknownFileType: it is a document of an office program, or an e-book.
        BrokenMedia: it is damaged. What came before was sound.
        MediaError: there is no file in it.
    """
    with path.open("rb") as file:
        count = _Count(path.stat().st_size, settings)
        head = file.read(6)
        file.seek(0)
        if head.startswith(b"PK"):
            yield from _zip(file, folder, count)
        else:
            yield from _tar(_unpacked(file, head), folder, count)
        count.end()


class _Count:
    """What has come out of an archive so far."""

    def __init__(self, packed: int, settings: Settings) -> None:
        self.max_members = settings.max_archive_members
        self._max_bytes = settings.max_archive_mb * 1e6
        self._ratio, self._packed = settings.max_archive_ratio, packed
        self._entries = self._members = self._bytes = 0

    def entry(self) -> None:
        # folders and what macOS adds are free, up to a point
        self._entries += 1
        self._check_members(self._entries / 3)

    def member(self) -> None:
        self._members += 1
        self._check_members(self._members)

    def end(self) -> None:
        if not self._members:
            raise MediaError("the archive holds no files")

    def _check_members(self, members: float) -> None:
        if members > self.max_members:
            raise MediaTooLarge(
                f"the archive holds more than the {self.max_members} files that this server allows"
            )

    def bytes(self, size: int) -> None:
        self._bytes += size
        if self._bytes > self._max_bytes:
            raise MediaTooLarge(
                f"the archive unpacks to more than the {self._max_bytes / 1e6:g} MB that this server allows"
            )
        if self._bytes > UNSUSPECTED and self._bytes > self._ratio * self._packed:
            raise UnsafeArchive(
                f"the archive unpacks to more than {self._ratio:g} times its size, like a zip bomb"
            )


# ── names


def safe_name(name: str) -> str | None:
    """A name within an archive as a plain relative path; None for one that leads out of it."""
    if "\0" in name or len(name) > MAX_NAME or name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
        return None
    parts = [part for part in re.split(r"[/\\]", name) if part not in {"", "."}]
    return "/".join(parts) if parts and ".." not in parts else None


def readable(name: bytes) -> str:
    """A name of a file as text that can be written anywhere, whatever it is encoded in."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode("latin-1")  # always something, and for Western names the right thing


def _left_out(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith("._")


# ── zip


def _zip(file: BinaryIO, folder: Path, count: _Count) -> Unpacked:
    if _directory_size(file) > DIRECTORY_ENTRY * count.max_members:
        raise MediaTooLarge(
            f"the archive holds more than the {count.max_members} files that this server allows"
        )
    with _damage_told("the archive is damaged, or cut short"):
        archive = zipfile.ZipFile(file)
    with archive:
        if _is_document(archive):
            raise UnknownFileType(f"{UnknownFileType.__doc__}: {SAVE_AS_TEXT}")
        for info in archive.infolist():
            count.entry()
            original = _zip_name(info)
            name = safe_name(original)
            if original.endswith(("/", "\\")) or (name and _left_out(name)):
                continue
            count.member()
            if name is None:
                yield _escaped(original)
            elif reason := _refusal(info):
                yield Refused(name, reason)
            else:
                try:
                    with _damage_told("the file is damaged within the archive"):
                        content = archive.open(info)
                    with content:
                        path = _stored(content, folder, count)
                except BrokenMedia as error:
                    yield Refused(name, str(error))
                else:
                    yield Member(name, path)


def _is_document(archive: zipfile.ZipFile) -> bool:
    return not _DOCUMENT.isdisjoint(archive.namelist())


def _zip_name(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & 0x800:  # says that it is UTF-8
        return info.orig_filename
    # macOS writes UTF-8 without saying so
    name = readable(info.orig_filename.encode("cp437", errors="replace"))
    # and Windows what it has been reading as: its letters are signs in Latin-1 that nobody writes
    return info.orig_filename if _CONTROLS.search(name) else name


def _refusal(info: zipfile.ZipInfo) -> str:
    """Why a member is not unpacked; empty when it is."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in {0, stat.S_IFREG}:
        return "links and devices are not unpacked"
    if info.flag_bits & 0x1:
        return "the file is encrypted; pack it without a password"
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        return "the file is packed in an unusual way; pack it with deflate, as zip programs do"
    return ""


def _directory_size(file: BinaryIO) -> int:
    """Bytes of the table of contents, as the end of a zip states them."""
    file.seek(0, io.SEEK_END)
    file.seek(max(0, file.tell() - (1 << 16) - 98))  # the longest end there is: comment, records
    end = file.read()
    file.seek(0)
    sizes = [struct.unpack_from("<I", end, at + 12) for at in _found(b"PK\x05\x06", end, 22)]
    large = [struct.unpack_from("<Q", end, at + 40) for at in _found(b"PK\x06\x06", end, 56)]
    stated = [size for (size,) in sizes if size != 0xFFFFFFFF] + [size for (size,) in large]
    return max(stated, default=0)


def _found(signature: bytes, end: bytes, length: int) -> Iterator[int]:
    return (match.start() for match in re.finditer(signature, end) if match.start() + length <= len(end))


# ── tar


_CONTROLS = re.compile("[\x80-\x9f]")

_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")


def _unpacked(file: BinaryIO, head: bytes) -> _Readable:
    if head.startswith(_PACKED[0]):
        return gzip.GzipFile(fileobj=file)
    if head.startswith(_PACKED[1]):
        return bz2.BZ2File(file)
    return io.BufferedReader(_Xz(file))


class _Xz(io.RawIOBase):
    """An xz file unpacked, within bounds: what is packed says how much memory that takes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._unpacker = lzma.LZMADecompressor(memlimit=MAX_XZ_MEMORY)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._unpacker.eof:
            packed = self._file.read(CHUNK) if self._unpacker.needs_input else b""
            if not packed and self._unpacker.needs_input:
                raise EOFError("the archive ends in the middle")
            if content := self._unpacker.decompress(packed, len(buffer)):
                buffer[: len(content)] = content
                return len(content)
        return 0


_EXTENDED = {tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE}
_RECORD = re.compile(rb"([0-9]{1,9}) [^=]+=")
_MANY_DIGITS = re.compile(rb"[0-9]{%d}" % (MAX_DIGITS + 1))
_TOO_MUCH = "the archive says more about a file than any needs"


def _check_extended(header: bytes) -> None:
    """Whether an extended header is what it should be: records `length keyword=value`, then zeros.

    Python before 3.11.10 and 3.12.6 believes the lengths, and over many digits takes time with their square.

    Raises:
        UnsafeArchive: it has too many digits in a row.
        ReadError: its records are not as long as they say.
    """
    if _MANY_DIGITS.search(header):
        raise UnsafeArchive(_TOO_MUCH)
    at, end = 0, len(header.rstrip(b"\0"))
    while at < end:
        record = _RECORD.match(header, at)
        at += int(record[1]) if record else 0
        if not record or record.end() >= at or header[at - 1 : at] != b"\n":
            raise tarfile.ReadError("a header has invalid lengths")


class _Tar:
    """The bytes of a tar, read once from begin to end, and counted."""

    def __init__(self, stream: _Readable, count: _Count) -> None:
        self._stream, self._count, self._at = stream, count, 0
        self._is_extended, self._global_left = False, MAX_HEADER
        self.header_left: int | None = MAX_HEADER
        """Bytes that may be read before a member's content begins; None while that is read."""

    def begin(self, header: tarfile.TarInfo) -> None:
        """Be told of a header, so that what is read next is known for what it is."""
        self._is_extended = header.type in _EXTENDED
        if header.type == tarfile.XGLTYPE:  # kept to the end, and gone through for each member
            self._global_left -= header.size
            if self._global_left < 0:
                raise UnsafeArchive(_TOO_MUCH)

    def read(self, size: int) -> bytes:
        if self.header_left is not None:
            self.header_left -= size
            if self.header_left < 0:
                raise UnsafeArchive(_TOO_MUCH)
        parts = []
        while size > 0 and (part := self._stream.read(min(size, CHUNK))):
            self._count.bytes(len(part))
            self._at += len(part)
            size -= len(part)
            parts.append(part)
        data = b"".join(parts)
        if self._is_extended:
            self._is_extended = False
            _check_extended(data)
        return data

    def tell(self) -> int:
        return self._at

    def seek(self, to: int) -> None:
        while self._at < to and (part := self._stream.read(min(to - self._at, CHUNK))):
            self._count.bytes(len(part))
            self._at += len(part)
        if self._at != to:
            raise tarfile.ReadError("the archive ends in the middle")


def _tar(stream: _Readable, folder: Path, count: _Count) -> Unpacked:
    content = _Tar(stream, count)

    class Header(tarfile.TarInfo):
        @classmethod
        def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
            header = super().frombuf(buf, encoding, errors)
            content.begin(header)
            return header

    with _damage_told("the archive is damaged, or cut short"):
        archive = tarfile.TarFile(
            fileobj=content,  # type: ignore[arg-type]
            errors="surrogateescape",
            tarinfo=Header,
        )
    with closing(archive):
        while True:
            content.header_left = MAX_HEADER
            with _damage_told("the archive is damaged, or cut short"):
                info = archive.next()
            if info is None:
                break
            archive.members.clear()  # type: ignore[attr-defined]  # with all that was said about them
            count.entry()
            original = readable(info.name.encode("utf-8", "surrogateescape"))
            name = safe_name(original)
            if info.isdir() or (name and _left_out(name)):
                continue
            count.member()
            member = archive.extractfile(info) if info.isreg() and not info.issparse() else None
            if name is None:
                yield _escaped(original)
            elif member is None:
                yield Refused(name, "links, devices and files with holes are not unpacked")
            else:
                content.header_left = None
                yield Member(name, _stored(member, folder))
    content.header_left = None
    while _read(content):  # to its checksum
        pass


def _begins_tar(block: bytes) -> bool:
    if not any(block):
        return len(block) == tarfile.BLOCKSIZE  # an empty one
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


# ── both


def _escaped(name: str) -> Refused:
    return Refused(name[:MAX_NAME].replace("\0", ""), "the path leads out of the archive")


def _stored(content: _Readable, folder: Path, count: _Count | None = None) -> Path:
    path = folder / f"member-{token_hex(8)}"
    try:
        with path.open("xb") as file:
            while chunk := _read(content):
                if count is not None:
                    count.bytes(len(chunk))
                file.write(chunk)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _read(content: _Readable) -> bytes:
    with _damage_told("the archive is damaged, or cut short"):
        return content.read(CHUNK)


@contextmanager
def _damage_told(message: str) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise BrokenMedia(f"{message}: {error}") from error
