"""The walk: media → segments → models → grouping. Whoever measures anything calls `measure`, or
`measure_together` for several files."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeAlias

from mien.engines import Engines, TextReader
from mien.errors import EngineMissing, MediaError, MienError
from mien.grouping import grouped
from mien.media import Media
from mien.media.decode import open_media
from mien.models import MODELS, Model
from mien.models.options import Options
from mien.segments import Cut, Reading, TranscriptionOptions
from mien.settings import Settings
from mien.types import (
    FileMeasurement,
    Frame,
    Measured,
    Metadata,
    Passage,
    Prediction,
    Problem,
    ReadPassage,
    Voiced,
)

BATCH, BATCH_MB = 16, 64
"""Pieces that a model is given at once, and about how much they may take: enough to keep an engine
busy, little enough to stay small with films in 4K and speeches of an hour."""

PASSAGES = 256
"""Passages that are read at once, so that those of like length can be read together."""

_REFUSALS = (MediaError, EngineMissing)
"""What ends one model on one file; anything else is an engine that broke."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be measured: models by name with their options, and how speech is written down."""

    models: Mapping[str, Options]
    transcription: TranscriptionOptions | None


def measure(media: Media, wish: Wish, engines: Engines) -> FileMeasurement:
    """Measure one file, as `measure_together`."""
    return measure_together([media], wish, engines)[0]


def measure_together(medias: Sequence[Media], wish: Wish, engines: Engines) -> list[FileMeasurement]:
    """Measure some files. Models that want the same cut share one pass over a file, and the passages
    of all files are read together: many short texts as fast as a long one.

    A model that cannot be served, or fails on a file, is answered by an error of its own; the
    others go on.

    Raises:
        EngineError: an engine broke; no answer of this server can be trusted.
    """
    files = [_File(media, wish, engines) for media in medias]
    for cut in dict.fromkeys(model.cut for file in files for model in file.models.values()):
        # closed at once, also where an engine breaks: nothing may read ahead in a file that is closed next
        with closing((file, segment) for file in files for segment in file.segments(cut)) as pieces:
            for batch in _batches(pieces):
                for file, segments in _by_file(_read(batch)):
                    file.predict(cut, segments)
    return [file.measurement(wish) for file in files]


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
        return FileMeasurement.unread(name, str(error))
    return measure(through(media), wish, engines)


class _File:
    """One file while it is measured: what its models have found, and why some of them cannot."""

    def __init__(self, media: Media, wish: Wish, engines: Engines) -> None:
        self.models: dict[str, Model[Any]] = {}
        self._failed: dict[str, MienError] = {}
        for name, options in wish.models.items():
            if MODELS[name].applies(media):
                if media.text is not None and getattr(options, "granularity", "") == "utterance":
                    # in a text that is a sentence, and equal cuts are read once
                    options = options.model_copy(update={"granularity": "sentence"})
                try:
                    self.models[name] = MODELS[name](options, engines, wish.transcription)
                except EngineMissing as error:
                    self._failed[name] = error
        self._found: dict[str, list[Prediction]] = {name: [] for name in self.models}
        self._media = media
        self.reading = Reading(media, engines, wish.transcription)

    def segments(self, cut: Cut[Any]) -> Iterator[Any]:
        """Its pieces, as far as anybody wants them."""
        if readers := self._readers(cut):
            try:
                yield from cut.segments(self.reading)
            except _REFUSALS as error:  # what cannot be cut, none of them can read
                self._failed = dict.fromkeys(readers, error) | self._failed

    def predict(self, cut: Cut[Any], segments: Sequence[Any]) -> None:
        """Add what its models say of some pieces; where one refuses, why."""
        for name, model in self._readers(cut).items():
            try:
                self._found[name].extend(model.predict(segments))
            except _REFUSALS as error:
                self._failed[name] = error

    def measurement(self, wish: Wish) -> FileMeasurement:
        media, failed = self._media, self._failed
        return FileMeasurement(
            file=media.name,
            file_type=media.file_type,
            models={
                name: Measured(groups=grouped(self._found[name]), metadata=self._metadata(model.cut))
                for name, model in self.models.items()
                if name not in failed
            },
            errors=tuple(
                Problem(file=media.name, model=name, message=str(failed[name]), kind=type(failed[name]))
                for name in wish.models
                if name in failed
            ),
            warnings=tuple(
                Problem(file=media.name, message=text) for text in (*self.reading.warnings, *media.warnings)
            ),
        )

    def _readers(self, cut: Cut[Any]) -> dict[str, Model[Any]]:
        """The models that want this cut, and have not failed."""
        return {
            name: model
            for name, model in self.models.items()
            if model.cut == cut and name not in self._failed
        }

    def _metadata(self, cut: Cut[Any]) -> Metadata | None:
        """How sure the transcript is, where the pieces rest on one."""
        return self.reading.metadata if cut.transcribed and self._media.text is None else None


_Piece: TypeAlias = tuple[_File, Any]
"""A segment, and whose it is."""


def _batches(pieces: Iterable[_Piece]) -> Iterator[Sequence[_Piece]]:
    batch: list[_Piece] = []
    filled = 0.0
    for piece in pieces:
        batch.append(piece)
        filled += _share(piece[1])
        if filled >= 1:
            yield batch
            batch, filled = [], 0.0
    if batch:
        yield batch


def _share(segment: object) -> float:
    """How much of a batch a piece fills."""
    match segment:
        case Passage():
            return 1 / PASSAGES
        case Frame(image=data) | Voiced(heard=data):
            return max(1 / BATCH, data.nbytes / (BATCH_MB * 1_000_000))
        case _:
            return 1 / BATCH


def _read(batch: Sequence[_Piece]) -> Sequence[_Piece]:
    """Passages with what is read of them, at once for all files and all models. Other pieces are
    looked at by each model alone."""
    pieces = list(batch)
    places: dict[TextReader, list[int]] = {}
    for place, (file, piece) in enumerate(batch):
        if isinstance(piece, Passage):
            places.setdefault(file.reading.reader, []).append(place)
    for reader, some in places.items():
        for place, read in zip(some, reader.read_texts([batch[place][1] for place in some]), strict=True):
            file, passage = batch[place]
            pieces[place] = file, ReadPassage(passage, read)
    return pieces


def _by_file(batch: Sequence[_Piece]) -> Iterator[tuple[_File, Sequence[Any]]]:
    for file, pieces in groupby(batch, key=itemgetter(0)):
        yield file, [segment for _, segment in pieces]
