"""Language: what words express, how positive they are, how toxic."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from mien import labels
from mien.engines import Engines
from mien.media import Media
from mien.models.options import Options, Switch
from mien.segments import TranscriptionOptions
from mien.segments.passages import Passages
from mien.types import Granularity, Interval, Passage, Prediction, Scores


class LanguageOptions(Options):
    """What a caller may ask of the language model."""

    granularity: Granularity = "word"
    sentiment: Switch | None = None
    toxicity: Switch | None = None
    identify_speakers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguagePrediction(Prediction):
    """One passage."""

    text: str
    position: Interval
    time: Interval | None
    confidence: float | None
    speaker_confidence: float | None
    emotions: Scores
    sentiment: Scores | None = None
    toxicity: Scores | None = None


class Language:
    """Reads passages of a text or of what was said."""

    name: ClassVar[str] = "language"
    options: ClassVar[type[Options]] = LanguageOptions
    prediction: ClassVar[type[Prediction]] = LanguagePrediction

    def __init__(
        self,
        options: LanguageOptions,
        engines: Engines,
        transcription: TranscriptionOptions | None,
    ) -> None:
        self.cut = Passages(options.granularity, speakers=options.identify_speakers)
        self._options = options
        self._reader = engines.text_reader

    @staticmethod
    def applies(media: Media) -> bool:
        return media.text is not None or media.has_sound

    def predict(self, segments: Sequence[Passage]) -> list[LanguagePrediction]:
        scores = self._reader.read_texts(segments)
        return [
            LanguagePrediction(
                person=piece.person,
                text=piece.text,
                position=piece.position,
                time=piece.time,
                confidence=piece.confidence,
                speaker_confidence=piece.speaker_confidence,
                emotions=Scores(labels.SPOKEN_EXPRESSIONS, scores.expressions[i]),
                sentiment=Scores(labels.SENTIMENT, scores.sentiment[i]) if self._options.sentiment else None,
                toxicity=Scores(labels.TOXICITY, scores.toxicity[i]) if self._options.toxicity else None,
            )
            for i, piece in enumerate(segments)
        ]
