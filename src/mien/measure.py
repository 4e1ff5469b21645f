"""The walk: media → segments → models → grouping. Whoever measures anything calls `measure`."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from mien.engines import Engines
from mien.errors import EngineMissing, MediaError
from mien.grouping import grouped
from mien.media import Media
from mien.media.decode import open_media
from mien.models import MODELS, Model
from mien.models.options import Options
from mien.segments import Cut, Reading, TranscriptionOptions
from mien.settings import Settings
from mien.types import FileMeasurement, Measured, Prediction, Problem

T = TypeVar("T")

BATCH = 16
"""Pieces that a model is given at once: enough to fill two cores, few enough to stay small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be measured: models by name with their options, and how speech is written down."""

    models: Mapping[str, Options]
    transcription: TranscriptionOptions | None


def measure(media: Media, wish: Wish, engines: Engines) -> FileMeasurement:
    """Measure one file. Models that want the same cut share one pass over it.

    A model that cannot be served, or fails on this file, is answered by an error of its own; the
    others go on.

    Raises:
        EngineError: an engine broke; no answer of this server can be trusted.
    """
    reading = Reading(media, engines, wish.transcription)
    models, failed = _made(media, wish, engines)
    found: dict[str, list[Prediction]] = {name: [] for name in models}
    for cut, readers in _by_cut(models).items():
        try:
            for segments in _batches(cut.segments(reading)):
                for name, model in readers.items():
                    found[name].extend(model.predict(segments))
        except (MediaError, EngineMissing) as error:
            failed |= dict.fromkeys(readers, error)
    return FileMeasurement(
        file=media.name,
        file_type=media.file_type,
        models={
            name: Measured(
                groups=grouped(found[name]),
                metadata=reading.metadata if _heard(media, model.cut) else None,
            )
            for name, model in models.items()
            if name not in failed
        },
        errors=tuple(Problem(file=media.name, model=n, message=str(e)) for n, e in failed.items()),
        warnings=tuple(
            Problem(file=media.name, message=text) for text in (*reading.warnings, *media.warnings)
        ),
    )


def measure_path(
    path: Path,
    name: str,
    wish: Wish,
    engines: Engines,
    settings: Settings,
    through: Callable[[Media], Media] = lambda media: media,
) -> FileMeasurement:
    """Measure a file of this machine, called `name` within its source. One that cannot be read is
    answered by an error. `through` gives what the walk sees instead of the media: to follow the
    reading, or to stop it.

    Raises:
        EngineError: as `measure`.
    """
    try:
        media = open_media(path, name, settings)
    except MediaError as error:
        problem = Problem(file=name, message=str(error))
        return FileMeasurement(file=name, file_type=None, errors=(problem,))
    return measure(through(media), wish, engines)


_Made: TypeAlias = tuple[dict[str, Model[Any]], dict[str, Exception]]


def _made(media: Media, wish: Wish, engines: Engines) -> _Made:
    """The wished models that have something to look at in this file, and those that cannot be served."""
    models: dict[str, Model[Any]] = {}
    missing: dict[str, Exception] = {}
    for name, options in wish.models.items():
        if MODELS[name].applies(media):
            try:
                models[name] = MODELS[name](options, engines, wish.transcription)
            except EngineMissing as error:
                missing[name] = error
    return models, missing


def _by_cut(models: Mapping[str, Model[Any]]) -> dict[Cut[Any], dict[str, Model[Any]]]:
    cuts: dict[Cut[Any], dict[str, Model[Any]]] = {}
    for name, model in models.items():
        cuts.setdefault(model.cut, {})[name] = model
    return cuts


def _batches(segments: Iterable[T]) -> Iterator[Sequence[T]]:
    pieces = iter(segments)
    while batch := list(islice(pieces, BATCH)):
        yield batch


def _heard(media: Media, cut: Cut[Any]) -> bool:
    """Whether the pieces rest on a transcript, so that its confidence belongs to the answer."""
    return cut.transcribed and media.text is None
