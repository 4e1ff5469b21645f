"""The body of a request to start a job: JSON, or a form with JSON and files, in every shape that
clients send. Files go to disk as they come, and are never whole in memory.

Sync: who feeds it may be a socket or a test.
"""

import hashlib
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import orjson
from pydantic import ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from mien.errors import RequestError, TooLarge
from mien.settings import Settings
from mien.types import FileSource
from mien.wire.batch import Request, loads
from mien.wire.errors import explained

MB = 1_000_000
MOST_PARTS = 1000
"""Of a form, whatever they are called."""
LONGEST_NAME = 255

ARCHIVES = {
    b"PK\x03\x04": "application/zip",
    b"PK\x05\x06": "application/zip",  # that holds nothing
    b"\x1f\x8b": "application/gzip",
    b"BZh": "application/x-bzip2",
    b"\xfd7zXZ\x00": "application/x-xz",
}
"""The content types that the API told of: those of archives, by how these begin."""


@dataclass(frozen=True, slots=True)
class Upload:
    """An uploaded file, and where it lies until the job is stored."""

    source: FileSource
    path: Path


@dataclass(frozen=True, slots=True)
class Submission:
    """What was asked for, and what was sent along."""

    request: Request
    uploads: tuple[Upload, ...]


class Intake(Protocol):
    """Takes a body piece by piece."""

    def feed(self, data: bytes) -> None:
        """Raises RequestError as soon as something is wrong."""

    def finish(self) -> Submission:
        """What the body was. Raises RequestError."""

    def close(self) -> None:
        """Let go of open files, whether it went well or not."""


def intake(content_type: str, folder: Path, settings: Settings) -> Intake:
    """What takes a body of this type. Files go into the folder. Whatever is no form is JSON.

    Raises:
        RequestError: a form that does not say where its parts end.
    """
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        return Plain(folder, settings)
    if not options.get(b"boundary"):
        raise RequestError(
            "the form has no boundary in its Content-Type header: leave that header to the HTTP client"
        )
    return Form(options[b"boundary"], folder, settings)


class Plain:
    """A body that is JSON."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._file = _Spool(folder / "request.json", settings.max_body_mb, "the JSON of the request")

    def feed(self, data: bytes) -> None:
        self._file.write(data)

    def finish(self) -> Submission:
        return Submission(_parsed(self._file.read()), ())

    def close(self) -> None:
        self._file.close()


class Form:
    """A body that is a form: a part `json` and any number of parts `file`, in any order."""

    def __init__(self, boundary: bytes, folder: Path, settings: Settings) -> None:
        self._folder = folder
        self._settings = settings
        self._parts = 0
        self._ended = False
        self._header = (bytearray(), bytearray())
        self._disposition = b""
        self._request: _Spool | None = None
        self._uploads: list[_Spool] = []
        self._strays: dict[str, str] = {}  # what should have been called so, and how it is called
        self._into: _Spool | None = None
        try:
            self._parser = MultipartParser(boundary, self._callbacks())
        except FormParserError as error:
            raise RequestError(f"the form cannot be read: {error}") from error

    def feed(self, data: bytes) -> None:
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise RequestError(f"the form cannot be read: {error}") from error

    def finish(self) -> Submission:
        if not self._ended:
            raise RequestError("the form ends in the middle of a part")
        uploads = tuple(upload.uploaded() for upload in self._uploads if upload.size or upload.name)
        for meant, given in (("json", self._request), ("file", uploads)):
            if not given and (stray := self._strays.get(meant)):  # let pass, it would be missed too late
                raise RequestError(
                    f"the form has a part `{stray}`: what it holds belongs in a part `{meant}`"
                )
        return Submission(_parsed(self._request.read() if self._request else b""), uploads)

    def close(self) -> None:
        for spool in [self._request, *self._uploads]:
            if spool:
                spool.close()

    def _callbacks(self) -> Any:
        return {
            "on_part_begin": self._part_begins,
            "on_header_field": lambda data, begin, end: self._header[0].extend(data[begin:end]),
            "on_header_value": lambda data, begin, end: self._header[1].extend(data[begin:end]),
            "on_header_end": self._header_ends,
            "on_headers_finished": self._headers_end,
            "on_part_data": self._part_goes_on,
            "on_end": self._form_ends,
        }

    def _part_begins(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise RequestError(f"the form has more than {MOST_PARTS} parts")
        self._disposition = b""
        self._into = None

    def _header_ends(self) -> None:
        field, value = self._header
        if field.lower() == b"content-disposition":
            self._disposition = bytes(value)
        field.clear()
        value.clear()

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"")
        if not name:
            raise RequestError("a part of the form has no name; parts are called `json` or `file`")
        if name == b"json":
            if self._request:
                raise RequestError("the form has two parts `json`")
            path = self._folder / "request.json"
            self._into = self._request = _Spool(path, self._settings.max_body_mb, "the part `json`")
        elif name == b"file":
            if len(self._uploads) == self._settings.max_files:
                raise RequestError(f"file: more than {self._settings.max_files} files in one request")
            path, most = self._folder / str(len(self._uploads)), self._settings.max_upload_mb
            filename = _filename(options.get(b"filename"))
            self._into = _Spool(path, most, f"file: {filename or 'an upload'}", filename)
            self._uploads.append(self._into)
        else:
            stray = name.decode(errors="replace")[:LONGEST_NAME]
            if options.get(b"filename"):
                self._strays.setdefault("file", stray)
            elif stray in Request.model_fields:
                self._strays.setdefault("json", stray)

    def _part_goes_on(self, data: bytes, begin: int, end: int) -> None:
        if self._into:
            self._into.write(memoryview(data)[begin:end])

    def _form_ends(self) -> None:
        self._ended = True


class _Spool:
    """A file that is being sent: counted, hashed and written as it comes."""

    def __init__(self, path: Path, most_mb: float, what: str, name: str | None = None) -> None:
        self.name = name
        self.size = 0
        self._path = path
        self._most_mb = most_mb
        self._what = what
        self._md5 = hashlib.md5(usedforsecurity=False)  # the API's name for a file
        self._begin = b""
        self._out: BinaryIO = path.open("wb")

    def write(self, data: bytes | memoryview) -> None:
        self.size += len(data)
        if self.size > self._most_mb * MB:
            raise TooLarge(f"{self._what} is larger than the {self._most_mb:g} MB that this server takes")
        if len(self._begin) < 8:
            self._begin += bytes(data[:8])
        self._md5.update(data)
        self._out.write(data)

    def read(self) -> bytes:
        self._out.close()
        return self._path.read_bytes()

    def uploaded(self) -> Upload:
        self._out.close()
        content_type = next((kind for start, kind in ARCHIVES.items() if self._begin.startswith(start)), None)
        source = FileSource(filename=self.name, content_type=content_type, md5sum=self._md5.hexdigest())
        return Upload(source, self._path)

    def close(self) -> None:
        self._out.close()


def _filename(given: bytes | None) -> str | None:
    """The name of a file without the folders that some clients send along."""
    name = (given or b"").decode(errors="replace")
    if name.startswith("=?"):  # how .NET writes what is not ASCII
        name = _decoded(name)
    name = "".join(c for c in name if c.isprintable()).replace("\\", "/").rpartition("/")[2].strip()
    return name[-LONGEST_NAME:] if name not in ("", ".", "..") else None


def _decoded(name: str) -> str:
    try:
        return str(make_header(decode_header(name)))
    except (LookupError, ValueError, MessageError):
        return name


def _parsed(body: bytes) -> Request:
    """The request that some JSON is. No JSON at all is a request for nothing in particular."""
    body = body.removeprefix(b"\xef\xbb\xbf")  # PowerShell begins with it
    try:
        asked = loads(body) if body.strip() else {}
        if isinstance(asked, str):  # generated clients encode the body twice
            asked = loads(asked)
    except orjson.JSONDecodeError as error:
        raise RequestError(f"the request is not JSON: {_why(body, error)}") from error
    try:
        return Request.model_validate({} if asked is None else asked)
    except ValidationError as error:
        raise RequestError(explained(error)) from error


def _why(body: bytes, error: orjson.JSONDecodeError) -> str:
    """Why a body is no JSON, where more is known than which sign is in the way."""
    if body.startswith(b"--"):
        return "it is a form, but its Content-Type header does not say multipart/form-data"
    if body.startswith(b"\x1f\x8b"):
        return "it is compressed, and must be sent as it is"
    try:
        body.decode()
    except UnicodeDecodeError:
        return "it is not in UTF-8"
    return str(error)
