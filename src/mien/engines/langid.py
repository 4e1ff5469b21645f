"""The language of a text, by py3langid, whose model lies in its wheel.

py3langid counts runs of bytes and says how likely each language is. For a text in Latin letters the log
of the ratio between the likeliest other language and English is the evidence; it counts in full from
`ENOUGH` words on that are no names, as names and exclamations look like any language. From it a
logistic regression says how likely the text is not English. It was fitted by `training/langid/fit.py`
on 43,410 English comments (GoEmotions) and on the first 2 to 20 words of 36 sentences of our own in
twelve languages, weighed as if one text in fifty were not English. In another script a text is not
English from two letters in a row on. How often it is wrong: docs/decisions/languages.md.
"""

import math
import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from mien.settings import Settings

LANGUAGES = (
    *("af", "ar", "az", "be", "bg", "bn", "bs", "ca", "cs", "cy", "da", "de", "el", "en", "es", "et", "eu"),
    *("fa", "fi", "fr", "ga", "gl", "gu", "he", "hi", "hr", "hu", "hy", "id", "is", "it", "ja", "ka", "kk"),
    *("kn", "ko", "lt", "lv", "mk", "ml", "mn", "mr", "ms", "my", "ne", "nl", "nn", "no", "pa", "pl", "pt"),
    *("ro", "ru", "si", "sk", "sl", "sq", "sr", "sv", "sw", "ta", "te", "th", "tl", "tr", "uk", "ur", "uz"),
    *("vi", "yue", "zh"),
)
"""Those that it is to tell apart. It knows others, for which short English is easily taken, such as
the English of Nigeria and Latin; a text in one of them is still unlike English."""

SAME = {"nn": "no", "yue": "zh"}
"""What it tells apart, and the API does not."""

ENOUGH = 5
"""Words, in small letters but for the first, from which on the evidence counts in full."""

OFFSET, BY_EVIDENCE = -4.913, 3.085
"""The logistic regression: see above."""

BY_SCRIPT = 0.99
"""How likely letters of another script are no English."""

UNKNOWN = ("und", 0.0)
"""What there is to say of a text without words, in BCP-47's tag for it."""

_WORD = re.compile(r"[^\W\d_]{2,}")


class Langid:
    """Tells some seventy languages apart."""

    label = f"py3langid ({len(LANGUAGES) - len(SAME)} languages)"

    def __init__(self) -> None:
        self._identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        self._identifier.set_languages(LANGUAGES)

    def language(self, text: str) -> tuple[str, float]:
        """The likeliest language, and how likely it is that, or one much like it, rather than English;
        or English, and how likely that is."""
        words = _WORD.findall(_plain(text))
        if not words:
            return UNKNOWN
        other, evidence = self.evidence(text)
        if not _latin(words):
            return other, BY_SCRIPT
        sure = 1 / (1 + math.exp(-(OFFSET + BY_EVIDENCE * evidence)))
        return (other, sure) if sure > 0.5 else ("en", 1 - sure)

    def evidence(self, text: str) -> tuple[str, float]:
        """The likeliest language but English, and what speaks for it rather than for English."""
        chances = self._chances(text)
        other = max(chances.keys() - {"en"}, key=chances.__getitem__)
        words = _WORD.findall(_plain(text.lower() if text.isupper() else text))
        counted = 1 + sum(word[0].islower() for word in words[1:])
        return other, math.log(chances[other] / chances["en"]) * min(1.0, counted / ENOUGH)

    def _chances(self, text: str) -> Mapping[str, float]:
        """How likely each language is; none is quite impossible."""
        chances = dict.fromkeys(LANGUAGES, 1e-30)
        for code, chance in self._identifier.rank(text):
            chances[SAME.get(code, code)] += chance
        return chances


def _plain(text: str) -> str:
    """Letters as they are usually written, without marks: 𝓗𝓲 is Hi, and in हिं no mark ends a word."""
    signs = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in signs if not unicodedata.category(sign).startswith("M"))


def _latin(words: list[str]) -> bool:
    """Whether at least half of the letters are Latin."""
    letters = "".join(words)
    return 2 * sum(map(_is_latin, letters)) >= len(letters)


@cache
def _is_latin(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith(("LATIN", "MODIFIER"))


def language_detector(settings: Settings) -> Langid:
    return Langid()
