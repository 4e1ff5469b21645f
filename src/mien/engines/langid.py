"""The language of a text, by py3langid, whose model lies in its wheel.

py3langid counts runs of bytes and says how likely each language is. For a text in Latin letters the log
of the ratio between the likeliest other language and English is the evidence; it counts in full from
`ENOUGH` different words on that are no names, as names and exclamations look like any language. Addresses,
handles and what stands in other letters say nothing of a text that is mostly in Latin ones. From it a
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

OTHERS = 4
"""Such words from which on they must speak for another language without the names between them: José and
María in Guadalajara make no Spanish."""

OFFSET, BY_EVIDENCE = -4.954, 3.196
"""The logistic regression: see above."""

BY_SCRIPT = 0.99
"""How likely letters of another script are no English."""

UNKNOWN = ("und", 0.0)
"""What there is to say of a text without words, in BCP-47's tag for it."""

_WORD = re.compile(r"[^\W\d_]{2,}")

_NAME = re.compile(r"(?<=[^\s.!?…:] )[^\W\d_]\S*")
"""A word within a sentence: a name, if a capital is followed by small letters."""

_ADDRESS = re.compile(r"\S+://\S+|\bwww\.\S+|[@#]\w+")
"""Of a page or a person: in no language."""


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
        if not _latin(words):
            return self._likeliest(self._chances(text)), BY_SCRIPT
        other, evidence = self.evidence(text)
        sure = 1 / (1 + math.exp(-(OFFSET + BY_EVIDENCE * evidence)))
        return (other, sure) if sure > 0.5 else ("en", 1 - sure)

    def evidence(self, text: str) -> tuple[str, float]:
        """The likeliest language but English of a text in Latin letters, and what speaks for it rather than
        for English."""
        text = _ADDRESS.sub(" ", text)
        if not text.isascii():
            text = "".join(" " if sign.isalpha() and not _is_latin(sign) else sign for sign in text)
        other, speaks = self._speaks(text)
        words = _WORD.findall(_plain(text.lower() if text.isupper() else text))
        counted = len({*words[:1], *(word for word in words[1:] if word[0].islower())})
        if speaks > 0 and counted >= OTHERS:
            without = _NAME.sub(lambda word: "" if word[0].istitle() else word[0], text)
            speaks = min(speaks, self._speaks(without)[1])
        return other, speaks * min(1.0, counted / ENOUGH)

    def _speaks(self, text: str) -> tuple[str, float]:
        """The likeliest language but English, and the log of how much likelier than English it is."""
        chances = self._chances(text)
        other = self._likeliest(chances)
        return other, math.log(chances[other] / chances["en"])

    @staticmethod
    def _likeliest(chances: Mapping[str, float]) -> str:
        return max(chances.keys() - {"en"}, key=chances.__getitem__)

    def _chances(self, text: str) -> Mapping[str, float]:
        """How likely each language is; none is quite impossible."""
        chances = dict.fromkeys(LANGUAGES, 1e-30)
        for code, chance in self._identifier.rank(text):
            chances[SAME.get(code, code)] += chance
        return chances


def _plain(text: str) -> str:
    """Letters as they are usually written, without marks: 𝓗𝓲 is Hi, and in हिं no mark ends a word."""
    if text.isascii():
        return text
    signs = unicodedata.normalize("NFKD", text)
    plain = "".join(sign for sign in signs if not unicodedata.category(sign).startswith("M"))
    return unicodedata.normalize("NFC", plain)  # a syllable of Korean is one letter again


def _latin(words: list[str]) -> bool:
    """Whether at least half of the letters are Latin."""
    letters = "".join(words)
    return letters.isascii() or 2 * sum(map(_is_latin, letters)) >= len(letters)


@cache
def _is_latin(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith(("LATIN", "MODIFIER"))


def language_detector(settings: Settings) -> Langid:
    return Langid()
