"""Where sentences of a text end, by sentencex, which knows abbreviations, quotes and several scripts."""

import re
from collections.abc import Iterator

from sentencex import get_sentence_boundaries

LONGEST_SENTENCE = 4000
"""Characters; what goes on for longer without an end (talk written down without full stops, a table)
is cut where it hurts least."""

LOOKED_BACK = 1000
"""Characters before that limit in which a good place for a cut is looked for."""

SHORT_LINE = 60
"""Characters of a line that was not broken because it was full: the next begins a sentence of its own, unless
it goes on in small letters."""

_PLACES = tuple(
    map(
        re.compile,
        (
            r"\n",
            # and, but not that of Johnson and Johnson
            r"(?<!\band)\s(?=(?:and|but|or|so|because|although|while|when|then|which|where|if)\s[^\W\d_A-Z])",
            r"(?<=[,;:])\s|(?<=[，、；：])(?=\S)",
            r"\s(?=[a-z])",  # not within New York City
        ),
    )
)
"""Where a sentence may be cut, the best places first."""

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")

_MARK = re.compile(r"(?<=[:;=])['’]?-?[()\[\]{}]|[\"“”]|['‘’]")
"""What may open or close something, or only look like it."""

_DECADE = re.compile(r"\d\ds?\b")
"""What follows an apostrophe that stands for a century: '90s, '68."""

_NEXT = re.compile(r"\s*(\S)")

_I = re.compile(r"\b((?:[^\W\d_]\.){0,4}[^\W\d_]+)\.(?=\s+I(?:\s+[a-z]|['’](?:m|d|ll|ve)\b))")
"""A full stop before the word I, which sentencex takes for a number after what may be an abbreviation: tell
me., no., may., D.C."""

_GOES_ON = re.compile(r"vol|ch|chap|pt|bk|vs|cf|viz|approx|e\.g|i\.e|mr|mrs|ms|dr|prof", re.IGNORECASE)
"""After which nothing ends."""

_SHORTENED = re.compile(
    r"(?<!\w)(?:(?i:approx|avg|max|incl|excl|est|resp|vol|ch|chap|bk)\.(?=\s+[a-z])"
    r"|(?:Ms|Mx|Sra|Srta|Amb|Atty)\.(?=\s))"
)
"""An abbreviation that sentencex does not know, or not always: approx. five, and Ms. White."""

_RUN = re.compile(r"(?<![!?])[!?]{2,}(?!\S)")
"""Several marks at once, after which sentencex lets one go on with a small letter or I: omg!! we won."""

_ELLIPSIS = re.compile(r"…(?=\s+[A-Z])")
"""Which ends as much as three full stops do."""

_DOTTED = re.compile(r"(?<!\S)\.(?=[A-Z]{2,}\b)")
"""The full stop with which a name begins: .NET."""

_ASIDE = re.compile(r"((?:\A|[.!?…\n])[ \t]*[(\[][^()\[\]\n]*)([.!?])([)\]])(?!\S)")
"""A sentence of its own in brackets, after which sentencex ends none: (It rained.) So what?"""

_BOLD = re.compile(r"([.!?])(\*+)(?!\S)")
"""The end of a sentence between stars, of which the second would begin the next: *Wow.* So what?"""

_OPENS, _CLOSES = {'"': '"', "“": "”", "'": "'", "‘": "’"}, {'"', "”", "'", "’"}


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where each begins and ends; none is empty or has white space around it."""
    for sentence in get_sentence_boundaries("en", _plainer(text)):
        for begin, end in _lines(text, sentence["start_index"], sentence["end_index"]):
            while end - begin > LONGEST_SENTENCE:
                at = _cut(text, begin)
                yield from stripped(text, begin, at)
                begin = at
            yield from stripped(text, begin, end)


def stripped(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """What lies between two positions, without white space around it; nothing if that is all."""
    piece = text[begin:end]
    if core := piece.strip():
        first = begin + piece.index(core)
        yield first, first + len(core)


def _plainer(text: str) -> str:
    """The text, as long as it was, with a hyphen for each sign that looks like a bracket or quote and is
    none: what stands between such a sign and the next would be taken for one sentence. These are the mouths
    of :( and :-), inches and feet (5'10"), apostrophes ('90s, the kids'). And with an end that is one for
    each that would be passed over, and without those that are none."""
    text = _RUN.sub(lambda run: "-" * (len(run[0]) - 1) + run[0][-1], _I.sub(_ended, text))
    text = _DOTTED.sub("-", _SHORTENED.sub(lambda short: f"{short[0][:-1]},", _ELLIPSIS.sub(".", text)))
    text = _BOLD.sub(r"\2\1", _ASIDE.sub(r"\1\3\2", text))
    return "".join(_marked(line.group()) for line in _LINE.finditer(text))


def _ended(stop: re.Match[str]) -> str:
    return stop.group() if _GOES_ON.fullmatch(stop[1]) else f"{stop[1]}!"


def _marked(line: str) -> str:
    signs, closing = list(line), ""
    for match in _MARK.finditer(line):
        sign, begin, end = match.group(), match.start(), match.end()
        before, after = line[begin - 1 : begin], line[end : end + 1]
        if sign[-1] in "()[]{}":
            signs[begin:end] = "-" * len(sign)
        elif sign == closing and not (sign in "'’" and after.isalnum()):
            closing = ""
        elif not closing and sign in _OPENS and not before.isalnum() and not _DECADE.match(line, end):
            closing = _OPENS[sign]
        elif sign in "'‘’" or (sign in _CLOSES and before.isdigit()):
            signs[begin] = "-"
    return "".join(signs)


def _lines(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """A sentence, cut where a line ends that is a piece by itself: a list, or one remark a line."""
    for line in _LINE.finditer(text, begin, end):
        # of empty lines, of which there may be thousands, none looks through those after it
        if not 0 < len(line.group().strip()) < SHORT_LINE:
            continue
        after = _NEXT.match(text, line.end(), end)
        if after and not after[1].islower():
            yield begin, line.end()
            begin = line.end()
    yield begin, end


def _cut(text: str, begin: int) -> int:
    """Where a sentence that is too long ends its first piece."""
    limit = begin + LONGEST_SENTENCE
    for place in _PLACES:
        if found := [match.start() for match in place.finditer(text, limit - LOOKED_BACK, limit)]:
            return found[-1]
    space = max(text.rfind(sign, begin + 1, limit) for sign in " \n\t")
    return space if space > 0 else limit
