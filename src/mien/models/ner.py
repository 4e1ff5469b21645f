"""Named entities, with the expressions of the sentence around each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from mien import labels
from mien.engines import Engines
from mien.media import Media
from mien.models.options import Options
from mien.segments import TranscriptionOptions
from mien.segments.passages import Passages
from mien.types import Interval, Prediction, ReadPassage, Scores


class NerOptions(Options):
    """Options of the entity model."""

    identify_speakers: bool = False
    """Group predictions by speaker: `spk_0`, `spk_1` …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NerPrediction(Prediction):
    """One named entity, with what the sentence around it expresses. `position`, `time`, `confidence` and
    `speaker_confidence` are as for `language`.

    `support` and `uri` referred to the retired API's knowledge base, which mien does not have: they are
    always 0 and empty. `entity_type` is new in mien: PERSON, LOCATION, ORGANIZATION, PRODUCT, WORK, EVENT
    or MISC.
    """

    entity: str
    entity_type: str
    position: Interval
    entity_confidence: float
    support: float = 0.0
    uri: str = ""
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
        _ = engines.text_reader  # missed here rather than in the middle of the file

    @staticmethod
    def applies(media: Media) -> bool:
        return media.text is not None or media.has_sound

    def predict(self, segments: Sequence[ReadPassage]) -> list[NerPrediction]:
        return [prediction for piece in segments for prediction in _predictions(piece)]


def _predictions(piece: ReadPassage) -> Iterator[NerPrediction]:
    """What is named in a passage, when it was said, and what the passage around it expresses."""
    passage = piece.passage
    emotions = Scores(labels.SPOKEN_EXPRESSIONS, piece.read.scores.expressions[0])
    for entity in piece.read.find_entities():
        begin = passage.position.begin + entity.position.begin
        end = passage.position.begin + entity.position.end
        words = [word for word in passage.words if word.position.begin < end and word.position.end > begin]
        times = [word.time for word in words if word.time is not None]
        sure = [word.confidence for word in words if word.confidence is not None]
        yield NerPrediction(
            person=passage.person,
            entity=entity.text,
            entity_type=entity.kind,
            position=Interval(begin, end),
            entity_confidence=entity.confidence,
            link_word=entity.text,
            time=Interval(times[0].begin, times[-1].end) if times else passage.time,
            confidence=sum(sure) / len(sure) if sure else None,
            speaker_confidence=passage.speaker_confidence,
            emotions=emotions,
        )
