"""The walk: media → segments → models → grouping. Whoever measures anything calls `measure`."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from mien.engines import Engines
from mien.errors import EngineMissing, MediaError, MienError
from mien.grouping import grouped
from mien.media import Media
from mien.media.decode import open_media
from mien.models import MODELS, Model
from mien.models.options import Options
from mien.segments import Cut, Reading, TranscriptionOptions
from mien.settings import Settings
from mien.types import FileMeasurement, Frame, Measured, Prediction, Problem, Speech

BATCH, BATCH_MB = 16, 64
"""Pieces that a model is given at once, and about how much they may take: enough to keep an engine
busy, little enough to stay small with films in 4K and speeches of an hour."""

_REFUSALS = (MediaError, EngineMissing)
"""What ends one model on one file; anything else is an engine that broke."""


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
                    if name not in failed:
                        failed |= _predict(model, segments, found[name])
        except _REFUSALS as error:  # what cannot be cut, none of them can read
            failed = dict.fromkeys(readers, error) | failed
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
        errors=tuple(
            Problem(file=media.name, model=name, message=str(failed[name]), kind=type(failed[name]))
            for name in wish.models
            if name in failed
        ),
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


_Failed: TypeAlias = dict[str, MienError]


def _made(media: Media, wish: Wish, engines: Engines) -> tuple[dict[str, Model[Any]], _Failed]:
    """The wished models that have something to look at in this file, and those that cannot be served."""
    models: dict[str, Model[Any]] = {}
    failed: _Failed = {}
    for name, options in wish.models.items():
        if MODELS[name].applies(media):
            try:
                models[name] = MODELS[name](options, engines, wish.transcription)
            except EngineMissing as error:
                failed[name] = error
    return models, failed


def _by_cut(models: Mapping[str, Model[Any]]) -> dict[Cut[Any], dict[str, Model[Any]]]:
    cuts: dict[Cut[Any], dict[str, Model[Any]]] = {}
    for name, model in models.items():
        cuts.setdefault(model.cut, {})[name] = model
    return cuts


def _batches(segments: Iterable[Any]) -> Iterator[Sequence[Any]]:
    batch: list[Any] = []
    taken = 0
    for segment in segments:
        batch.append(segment)
        taken += _bytes(segment)
        if len(batch) == BATCH or taken >= BATCH_MB * 1_000_000:
            yield batch
            batch, taken = [], 0
    if batch:
        yield batch


def _bytes(segment: object) -> int:
    match segment:
        case Frame(image=data) | Speech(sound=data):
            return data.nbytes
        case _:
            return 0


def _predict(model: Model[Any], segments: Sequence[Any], found: list[Prediction]) -> _Failed:
    """Add what a model says of some pieces; nothing, and why, where it refuses."""
    try:
        found.extend(model.predict(segments))
    except _REFUSALS as error:
        return {model.name: error}
    return {}


def _heard(media: Media, cut: Cut[Any]) -> bool:
    """Whether the pieces rest on a transcript, so that its confidence belongs to the answer."""
    return cut.transcribed and media.text is None
