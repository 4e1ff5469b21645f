"""Named entities, with the expressions of the sentence around each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from mien import labels
from mien.engines import Engines
from mien.media import Media
from mien.models.options import Options
from mien.segments import TranscriptionOptions
from mien.segments.passages import Passages
from mien.types import Interval, Passage, Prediction, Scores


class NerOptions(Options):
    """What a caller may ask of the entity model."""

    identify_speakers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NerPrediction(Prediction):
    """One entity.

    `support`, `uri` and `link_word` told of a knowledge base that the retired API linked to. There
    is none here: support counts the mentions of the entity in the sentence, uri is empty, and
    link_word is the entity as it is written.
    """

    entity: str
    position: Interval
    entity_confidence: float
    support: float
    uri: str
    link_word: str
    time: Interval | None
    confidence: float | None
    speaker_confidence: float | None
    emotions: Scores


class Ner:
    """Finds what is named."""

    name: ClassVar[str] = "ner"
    options: ClassVar[type[Options]] = NerOptions
    prediction: ClassVar[type[Prediction]] = NerPrediction

    def __init__(
        self, options: NerOptions, engines: Engines, transcription: TranscriptionOptions | None
    ) -> None:
        self.cut = Passages("sentence", speakers=options.identify_speakers)
        self._reader = engines.text_reader

    @staticmethod
    def applies(media: Media) -> bool:
        return media.text is not None or media.has_sound

    def predict(self, segments: Sequence[Passage]) -> list[NerPrediction]:
        found = self._reader.entities(segments)
        scores = self._reader.read_texts(segments).expressions
        return [
            NerPrediction(
                person=piece.person,
                entity=entity.kind,
                position=Interval(
                    piece.position.begin + entity.position.begin,
                    piece.position.begin + entity.position.end,
                ),
                entity_confidence=entity.confidence,
                support=float(sum(other.text == entity.text for other in entities)),
                uri="",
                link_word=entity.text,
                time=piece.time,
                confidence=piece.confidence,
                speaker_confidence=piece.speaker_confidence,
                emotions=Scores(labels.SPOKEN_EXPRESSIONS, scores[i]),
            )
            for i, (piece, entities) in enumerate(zip(segments, found, strict=True))
            for entity in entities
        ]
