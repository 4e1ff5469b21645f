"""Who speaks in a piece of a recording."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from mien.types import UNKNOWN, Interval, Turn


class Share(NamedTuple):
    """What one person says in a piece."""

    seconds: float
    sure: float
    """Seconds, each counting as much as it is likely that this person says it."""


def shares(time: Interval, turns: Sequence[Turn]) -> dict[str, Share]:
    """What each person says in an interval, `UNKNOWN` among them; several turns of one count together.
    Turns come one after the other."""
    found: dict[str, Share] = {}
    for k in range(bisect_right(turns, time.begin, key=lambda turn: turn.time.end), len(turns)):
        turn = turns[k]
        if turn.time.begin >= time.end:
            break
        if (shared := min(turn.time.end, time.end) - max(turn.time.begin, time.begin)) > 0:
            before = found.get(turn.person, Share(0.0, 0.0))
            found[turn.person] = Share(before.seconds + shared, before.sure + shared * turn.confidence)
    return found


def speaker(time: Interval, turns: Sequence[Turn]) -> tuple[str, float | None]:
    """Who says most in an interval, and how likely that person says any one moment of what is said in it.
    It is undecided, `UNKNOWN` and `None`, where that is no more likely than not."""
    said = shares(time, turns)
    most = max(said, key=lambda person: said[person].seconds, default=UNKNOWN)
    if most == UNKNOWN:
        return UNKNOWN, None
    likely = said[most].sure / sum(share.seconds for share in said.values())
    return (most, likely) if likely > 0.5 else (UNKNOWN, None)
