"""The front door for Python: `mien.measure`."""

import errno
import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from itertools import count
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias, get_args

from pydantic import BaseModel, ValidationError

from mien.engines import Engines
from mien.errors import MediaError, RequestError
from mien.measure import Wish, measure_path, measure_together
from mien.media import Media
from mien.media.archives import Refused, is_archive, readable, unpack
from mien.media.decode import text_media
from mien.media.sources import fetch, name_of
from mien.media.written import lots
from mien.models import MODELS
from mien.segments import TranscriptionOptions
from mien.settings import Settings
from mien.types import FileMeasurement, FileSource, Problem, Source, TextSource, UrlSource
from mien.wire.batch import Json, Request, result_json
from mien.wire.errors import explained

Models: TypeAlias = str | Iterable[str] | Mapping[str, Mapping[str, Any] | None]
"""Names of models, one string with commas will do; or each name with its options, as on the wire. None
instead of options leaves a model out."""

_ADDRESS = re.compile(r"[a-z]{2,}:/|[\w-]+(\.[\w-]+)+/", re.IGNORECASE)
"""How one begins, or one of the web whose beginning was left off."""

LONGEST_SHOWN = 60
"""Characters that are quoted of a name that is too long for one."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """The results for one source: a file, the files of an archive, or some texts."""

    source: Source
    files: tuple[FileMeasurement, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Why files, or single models on them, have no result."""
        return tuple(error for file in self.files for error in file.errors)

    def to_dict(self) -> Json:
        """As JSON of the API: one source with its results, `{"source": …, "results": …}`."""
        return result_json(self.source, self.files)


def measure(
    source: str | Path | bytes | None = None,
    *,
    text: str | Sequence[str] | None = None,
    models: Models | None = None,
    transcription: Mapping[str, Any] | None = {},
    settings: Settings | None = None,
) -> Measurement:
    """Measure expression in a file, an archive, a URL, the bytes of a file, or text.

    Args:
        source: a path, an http(s) address, or the bytes of a file.
        text: one or more texts, instead of a source.
        models: which models to run, as `"prosody,language"`, as a list, or with options as in
            `{"prosody": {"granularity": "word"}}`; all of them by default.
        transcription: options of speech recognition, e.g. `{"language": "en"}`; None switches it off.
        settings: used instead of the environment variables.

    Raises:
        RequestError: an argument or option is unknown or not allowed, or there is nothing to measure.
        MediaError: the source itself could not be opened or fetched. Files in it that cannot be measured are
            listed in `errors` of the result instead.
        EngineError: an engine failed.
    """
    if (source is None) == (text is None):
        raise RequestError("give either a source or text")
    if settings is None:
        settings = Settings()
    elif not isinstance(settings, Settings):
        raise RequestError(f"settings must be mien.Settings, not {_kind(settings)}")
    wish = wished(models, transcription)
    engines = _engines(settings)
    if text is not None:
        return Measurement(TextSource(), tuple(measured_texts(_strings("text", text), wish, engines)))
    if not isinstance(source, str | bytes | os.PathLike):
        raise RequestError(f"source must be a path, an address or bytes, not {_kind(source)}")
    with TemporaryDirectory(prefix="mien-") as folder:
        opened = open_source(source, Path(folder), settings)
        return Measurement(opened.source, tuple(measured(opened, wish, engines, settings, Path(folder))))


def wished(models: Models | None, transcription: Mapping[str, Any] | None) -> Wish:
    """Options as a caller writes them, checked like those of a request; and those that there are not are
    refused, which a request may have.

    Raises:
        RequestError: one is not allowed; the message says which and what is.
    """
    asked = {
        "models": models if models is None else _asked(models),
        "transcription": _spelt(transcription, TranscriptionOptions, "transcription"),
    }
    try:
        request = Request.model_validate(asked)
    except ValidationError as error:
        raise RequestError(explained(error)) from None
    return Wish(models=request.chosen(), transcription=request.transcription)


def _asked(models: Models) -> Json:
    """The models that are wanted, each with its options."""
    if isinstance(models, str):
        models = [name.strip() for name in models.split(",") if name.strip()]
    if not isinstance(models, Mapping):
        models = {name: {} for name in _strings("models", models)}
    for name in models:
        if name not in MODELS:
            raise RequestError(f"there is no model {name!r}; there are {_nearest(name, MODELS)}")
    wanted = {
        name: _spelt(options, MODELS[name].options, f"models.{name}")
        for name, options in models.items()
        if options is not None
    }
    if models and not wanted:
        raise RequestError(
            "every named model is None, which leaves it out; {} runs a model with its defaults"
        )
    return wanted


def _spelt(given: object, options: type[BaseModel], where: str) -> object:
    """Options as dicts, none of which has a name that there is not. What is no mapping is left to others."""
    if not isinstance(given, Mapping):
        return given
    for name in given:
        if name not in options.model_fields:
            there = _nearest(name, options.model_fields)
            raise RequestError(f"{where} has no option {name!r}; it has {there}")
    return {name: _spelt(one, _inner(options, name), f"{where}.{name}") for name, one in given.items()}


def _inner(options: type[BaseModel], name: str) -> type[BaseModel]:
    """What an option has for options of its own."""
    kinds = get_args(options.model_fields[name].annotation)
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), BaseModel)


def _nearest(name: object, names: Iterable[str]) -> str:
    """All names, first those much like what was written."""
    known = list(names)
    return ", ".join(dict.fromkeys([*get_close_matches(str(name), known), *known])) or "none"


def _strings(what: str, given: str | Iterable[str]) -> list[str]:
    """One string, or each of several.

    Raises:
        RequestError: it is something else.
    """
    if isinstance(given, str):
        return [given]
    if isinstance(given, bytes | bytearray) or not isinstance(given, Iterable):
        raise RequestError(f"{what} must be a string or a list of strings, not {_kind(given)}")
    several = list(given)
    for one in several:
        if not isinstance(one, str):
            raise RequestError(f"{what} must contain only strings, not {_kind(one)}")
    return several


def _kind(value: object) -> str:
    return f"{type(value).__name__!r}"


@dataclass(frozen=True, slots=True)
class Opened:
    """A source whose bytes lie on this machine."""

    source: Source
    name: str
    path: Path


def open_source(source: str | Path | bytes, folder: Path, settings: Settings, name: str = "") -> Opened:
    """Get hold of a source; what must be stored meanwhile goes into the folder.

    `name` is what a file of this machine is called, unless by its own name.

    Raises:
        MediaError: there is no such file, it cannot be read, or the address cannot be fetched.
    """
    if isinstance(source, bytes):
        path = folder / "upload"
        path.write_bytes(source)
        return Opened(_file_source(path, None), "upload", path)
    if isinstance(source, str) and source.startswith(("http://", "https://")):
        return Opened(UrlSource(source), name_of(source), fetch(source, folder, settings))
    try:
        return _opened(source, folder, name)
    except OSError as error:
        raise MediaError(_why_not(str(source), error)) from None
    except ValueError:  # a name that no file can have
        raise MediaError(f"there is no file {str(source)!r}") from None


def written(name: str) -> str:
    """A name from this machine, where names are any bytes, as text that can be written anywhere."""
    return readable(os.fsencode(name))


def _opened(source: str | Path, folder: Path, name: str) -> Opened:
    """A file of this machine. What can be read only once is copied first."""
    path = Path(source)
    name = name or written(path.name)
    mode = os.stat(source).st_mode  # to a Path, no name at all is this folder
    if stat.S_ISDIR(mode):
        raise MediaError(f"{str(source)!r} is a folder; name the files in it")
    if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
        with path.open("rb") as given, (folder / "upload").open("xb") as copy:
            copyfileobj(given, copy)
            path = folder / "upload"
    return Opened(_file_source(path, name), name, path)


def _why_not(source: str, error: OSError) -> str:
    """Why a file of this machine cannot be had."""
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            hint = "; only addresses that begin with http:// or https:// are fetched"
            return f"there is no file {source!r}" + hint * bool(_ADDRESS.match(source))
        case errno.ENAMETOOLONG:
            return (
                f"no file has so long a name as {source[:LONGEST_SHOWN]!r}…;"
                " a text is given as text= in Python, as --text on the command line"
            )
        case _:
            return f"{source!r} cannot be read: {error.strerror}"


def measured(
    opened: Opened,
    wish: Wish,
    engines: Engines,
    settings: Settings,
    folder: Path,
    through: Callable[[Media], Media] = lambda media: media,
) -> Iterator[FileMeasurement]:
    """Measure the files of a source one by one; members of an archive are unpacked into the folder.

    `through` gives what the walk sees instead of the media, as in `measure_path`.
    """
    if not is_archive(opened.path):
        yield measure_path(opened.path, opened.name, wish, engines, settings, through)
        return
    try:
        for member in unpack(opened.path, folder, settings):
            if isinstance(member, Refused):
                yield FileMeasurement.unread(member.name, member.reason)
            else:
                yield measure_path(member.path, member.name, wish, engines, settings, through)
                member.path.unlink()
    except MediaError as error:
        yield FileMeasurement.unread(opened.name, str(error))


def measured_texts(texts: Iterable[str], wish: Wish, engines: Engines) -> Iterator[FileMeasurement]:
    """Measure texts, which are called by their numbers."""
    numbers = count()
    for lot in lots(texts):
        yield from measure_together([text_media(one, str(next(numbers))) for one in lot], wish, engines)


def _file_source(path: Path, name: str | None) -> FileSource:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "md5").hexdigest()
    return FileSource(filename=name, content_type=None, md5sum=digest)


@lru_cache(maxsize=1)
def _engines(settings: Settings) -> Engines:
    """Engines are kept between calls: loading them takes longer than most files."""
    return Engines(settings)
