"""Who speaks when: the speaker network trained in `training/speakers`, and clustering of what it hears.

The network takes `sound`, float32 (1, samples) at `SOUND_RATE`: one stretch of speech. It gives `voices`,
float32 (cells, 96) of unit length: for each `CELL` seconds what the voice is like in the second and a half
around them. Then:

1. Stretches are cut into pieces of one voice, where the voices before and after differ most.
2. Pieces that sound much alike are put together: clustering by average linkage, as far as `CLEARLY`. A long
   recording is first condensed part by part, so that memory and time do not grow with its square.
3. Cell by cell, the chance of each follows from how alike it sounds and from who spoke just before (a
   hidden Markov model, forward and backward). This finds the moments of change, and so purer pieces.
4. Of these, what has come out as several but is one speaker is put together, as far as `ALIKE`; then
   step 3 again.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mien.engines import cores
from mien.engines.onnx import opened
from mien.errors import EngineError, EngineMissing
from mien.settings import Settings
from mien.types import UNKNOWN, Interval, Speech, Turn
from mien.weights import network

Voices: TypeAlias = NDArray[np.float32]  # (n, size): rows of unit length
Counts: TypeAlias = NDArray[np.float64]  # (n,)

SIZE = 96
NOBODY = -1

CELL = 0.15
"""Seconds from one cell to the next."""

REACH = 5
"""Cells to either side of a change that are compared."""

DIFFERENT = 0.35
"""Below which likeness of the voices before and after there may be a change."""

LONGEST_PIECE, LONG_PIECE = 25, 12
"""Cells of a piece: long enough to know a voice, short enough to be of one; and from how many on its voice is
clear enough to make a speaker."""

CLEARLY = 0.54
"""From which mean likeness of their pieces on two clusters are surely of one speaker, while pieces may still
hold two voices."""

ALIKE, DOUBT = 0.5, 0.0134
"""From which mean likeness of their pure pieces on two clusters are one speaker, and how much less is enough
where the smaller holds little of what is said: so much by the square root of its share. What says a tenth
need be .04 less alike, what says a hundredth .13: few who speak say so little."""

CONDENSED, SURELY = 1200, 0.6
"""Pieces that are clustered at once; where there are more, those this much alike are put together first."""

LEAST, LEAST_SHARE = 3.0, 0.15
"""Seconds of speech that make a speaker, or that share of what is said by whoever says most, if that is less:
who says less is one of the others, or unknown."""

SHARPNESS, STAYS, STAYS_AFTER_PAUSE = 6.0, 0.97, 0.7
"""How much likeness counts, and how likely who speaks goes on, from cell to cell and after a pause."""

FIRST_ROUNDS, ROUNDS = 1, 2
"""Times that voices are listened to anew, once their cells are known better: before they are put together for
good, and after."""

STRANGER, CERTAINTY = 0.15, 12.0
"""How alike a turn is to nobody in particular, and how fast confidence grows with likeness; chosen by
hand on made conversations of speakers that the network had not heard."""


class SpeakerNet:
    """Tells voices apart, in any language."""

    label = "mien speaker network"

    def __init__(self, path: Path, threads: int) -> None:
        self._session = opened(path, threads)
        shapes = {output.name: output.shape for output in self._session.get_outputs()}
        if shapes.get("voices", [0])[-1] != SIZE:
            raise EngineError(f"{path.name} is not a speaker network: it gives {shapes}")

    def turns(self, stretches: Iterable[Speech]) -> list[Turn]:
        times: list[Interval] = []
        heard: list[NDArray[np.float16]] = []  # three hours of cells are 14 MB
        for stretch in stretches:
            times.append(stretch.time)
            heard.append(self.voices(stretch.sound).astype(np.float16))
        if not times:
            return []
        voices = np.concatenate(heard).astype(np.float32)
        begins = np.cumsum([0, *map(len, heard)])
        return list(turns_of(voices, begins, times))

    def voices(self, sound: NDArray[np.float32]) -> Voices:
        """What the voice is like, cell by cell: (cells, SIZE)."""
        (voices,) = self._session.run(["voices"], {"sound": sound[None]})
        found: Voices = voices
        return found


def turns_of(voices: Voices, begins: NDArray[np.int64], times: Sequence[Interval]) -> Iterator[Turn]:
    """`begins` are the first cells of the stretches, and their number."""
    fresh = np.zeros(len(voices), bool)
    fresh[begins[:-1]] = True
    cuts = [begin + cut for begin, end in pairwise(begins) for cut in pieces(voices[begin:end])]
    means, weights, _ = clear(voices, np.array([*cuts, begins[-1]]))
    speakers = listened(voices, speakers_of(means, weights, clusters(means, weights)), fresh, FIRST_ROUNDS)
    labels = chances(voices @ speakers.T, fresh).argmax(1)
    cuts = [first + cut for _, first, last in _runs(labels, begins) for cut in _even(last - first)]
    means, weights, firsts = clear(voices, np.array([*cuts, begins[-1]]))
    speakers = speakers_of(means, weights, together(means, weights, labels[firsts]))
    speakers = listened(voices, speakers, fresh, ROUNDS)
    labels = chances(voices @ speakers.T, fresh).argmax(1)
    for _, first, last in _runs(labels, begins):
        if _sure(voices[first:last], speakers, int(labels[first])) < 0.5:
            labels[first:last] = NOBODY
    names: dict[int, str] = {}
    for stretch, first, last in _runs(labels, begins):
        # numpy's own numbers cannot be written as JSON
        time, begin, end = times[stretch], int(begins[stretch]), int(begins[stretch + 1])
        who = int(labels[first])
        sure = _sure(voices[first:last], speakers, who)
        yield Turn(
            time=Interval(
                time.begin + (first - begin) * CELL,
                time.end if last == end else time.begin + (last - begin) * CELL,
            ),
            person=UNKNOWN if who == NOBODY else names.setdefault(who, f"spk_{len(names)}"),
            confidence=sure,
        )


def _runs(labels: NDArray[np.int64], begins: NDArray[np.int64]) -> Iterator[tuple[int, int, int]]:
    """Stretch, first cell and last of cells in a row with one label; from first up to last."""
    for stretch, (begin, end) in enumerate(pairwise(begins)):
        changes = begin + 1 + np.flatnonzero(np.diff(labels[begin:end]))
        for first, last in pairwise([begin, *changes, end]):
            yield stretch, int(first), int(last)


def _sure(voices: Voices, speakers: Voices, who: int) -> float:
    """How likely cells are of that speaker, or of nobody."""
    alike = speakers @ voices.mean(0)
    if who == NOBODY:
        return 1 - max(confidence(alike, k) for k in range(len(speakers)))
    return confidence(alike, who)


def pieces(voices: Voices) -> list[int]:
    """The first cells of the pieces of one stretch: cut where voices before and after differ most."""
    cells = len(voices)
    cuts = [0]
    if cells > 2 * REACH:
        alike = np.einsum("ij,ij->i", voices[: -2 * REACH], voices[2 * REACH :])  # around cell k + REACH
        for k in range(len(alike)):
            near = alike[max(0, k - REACH) : k + REACH + 1]
            if alike[k] < DIFFERENT and alike[k] == near.min() and k + REACH - cuts[-1] >= REACH:
                cuts.append(k + REACH)
    return [begin + cut for begin, end in pairwise([*cuts, cells]) for cut in _even(end - begin)]


def _even(cells: int) -> list[int]:
    """Where so many cells in a row are cut, so that no piece is too long."""
    parts = -(-cells // LONGEST_PIECE)
    return [cells * part // parts for part in range(parts)]


def clear(voices: Voices, cuts: NDArray[np.int64]) -> tuple[Voices, Counts, NDArray[np.int64]]:
    """How the pieces that begin at `cuts` sound, (pieces, SIZE), how many cells they have, and which is their
    first, of those that are long enough. The last cut is the end."""
    means = _unit(np.add.reduceat(voices, cuts[:-1]).astype(np.float32))
    weights = np.diff(cuts).astype(np.float64)
    long = weights >= min(LONG_PIECE, weights.max())
    return means[long], weights[long], cuts[:-1][long]


def speakers_of(means: Voices, weights: Counts, labels: NDArray[np.int64]) -> Voices:
    """(speakers, SIZE): how each sounds, of those who say enough; `labels` say whose the pieces are."""
    spoken = _totals(weights, labels) * CELL
    return _unit(_sums(means, weights, labels)[spoken >= min(LEAST, LEAST_SHARE * spoken.max())])


def listened(voices: Voices, speakers: Voices, fresh: NDArray[np.bool_], rounds: int) -> Voices:
    """How the speakers sound in the cells that are likely theirs."""
    for _ in range(rounds):
        speakers = _unit(chances(voices @ speakers.T, fresh).T.astype(np.float32) @ voices)
    return speakers


def _totals(weights: Counts, labels: NDArray[np.int64]) -> Counts:
    """(labels,): weights added up by label."""
    return np.bincount(labels, weights).astype(np.float64)


def _sums(rows: Voices, weights: Counts, labels: NDArray[np.int64]) -> Voices:
    """(labels, size): rows times weights, added up by label."""
    sums = np.zeros((labels.max() + 1, rows.shape[1]), np.float32)
    np.add.at(sums, labels, rows * weights[:, None].astype(np.float32))
    return sums


def clusters(voices: Voices, weights: Counts) -> NDArray[np.int64]:
    """Which speaker each piece is, by average linkage; numbers without gaps."""
    labels = np.arange(len(voices))
    if len(voices) > CONDENSED:
        at = 0
        for begin in range(0, len(voices), CONDENSED):
            part = slice(begin, begin + CONDENSED)
            labels[part] = at + linked(voices[part], weights[part], SURELY)
            at = labels[part].max() + 1
    found: NDArray[np.int64] = linked(*_gathered(voices, weights, labels), CLEARLY)[labels]
    return found


def together(voices: Voices, weights: Counts, labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which speaker each pure piece is, where `labels` may tell several of one; numbers without gaps."""
    labels = np.unique(labels, return_inverse=True)[1]
    found: NDArray[np.int64] = linked(*_gathered(voices, weights, labels), ALIKE, DOUBT)[labels]
    return found


def _gathered(voices: Voices, weights: Counts, labels: NDArray[np.int64]) -> tuple[Voices, Counts]:
    """(labels, size): weighed means, shorter the more their members differ, and (labels,): their weights."""
    totals = _totals(weights, labels)
    return (_sums(voices, weights, labels) / totals[:, None]).astype(np.float32), totals


def linked(means: Voices, weights: Counts, alike: float, doubt: float = 0.0) -> NDArray[np.int64]:
    """Average linkage: the two clusters whose members are on average most alike become one, until none are
    as much as `alike`, or, with `doubt`, a little less where one of them is small. `means` (n, size) may be
    shorter than unit length: they stand for many."""
    count = len(means)
    labels = np.arange(count)
    likeness = (means @ means.T).astype(np.float32)
    np.fill_diagonal(likeness, -np.inf)
    weights = weights.copy()
    doubt *= np.sqrt(weights.sum())

    def close(rows: NDArray[np.int64]) -> NDArray[np.float32]:
        smaller = np.minimum(weights[rows, None], weights)
        return likeness[rows] + (doubt / np.sqrt(smaller)).astype(np.float32)

    everyone = close(labels)
    nearest = everyone.argmax(1)
    best = everyone[labels, nearest]
    while best[one := int(best.argmax())] >= alike:
        other = int(nearest[one])
        total = weights[one] + weights[other]
        merged = (likeness[one] * weights[one] + likeness[other] * weights[other]) / total
        weights[one] = total
        likeness[one] = likeness[:, one] = merged
        likeness[one, one] = -np.inf
        likeness[other] = likeness[:, other] = -np.inf
        labels[labels == other] = one
        best[other] = -np.inf
        # to all others the merged one is no nearer than the nearer of the two was
        stale = np.flatnonzero((nearest == one) | (nearest == other))
        stale = np.append(stale[best[stale] > -np.inf], one)
        found = close(stale)
        nearest[stale] = found.argmax(1)
        best[stale] = found.max(1)
    return np.unique(labels, return_inverse=True)[1]


def chances(alike: NDArray[np.float32], fresh: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(cells, speakers): how likely each speaks, from how alike each sounds and from its neighbours. `fresh`
    cells follow a pause."""
    cells, speakers = alike.shape
    if speakers == 1:
        return np.ones((cells, 1))
    seen = np.exp(SHARPNESS * (alike - alike.max(1, keepdims=True)).astype(np.float64))
    stays = np.where(fresh, STAYS_AFTER_PAUSE, STAYS)
    moves = (1 - stays) / (speakers - 1)
    stays = stays - moves
    forward = np.empty((cells, speakers))
    state = np.full(speakers, 1 / speakers)
    for k in range(cells):
        state = (stays[k] * state + moves[k]) * seen[k]
        state /= state.sum()
        forward[k] = state
    state = np.ones(speakers)
    for k in range(cells - 1, 0, -1):
        later = seen[k] * state
        state = stays[k] * later + moves[k] * later.sum()
        state /= state.max()
        forward[k - 1] *= state
    shares: NDArray[np.float64] = forward / forward.sum(1, keepdims=True)
    return shares


def confidence(alike: NDArray[np.floating], who: int) -> float:
    """How likely a turn is of that speaker, of all and a stranger; `alike` is how it sounds like each."""
    odds = np.exp(CERTAINTY * (np.append(alike, STRANGER) - alike[who]))
    return float(1 / odds.sum())


def _unit(rows: NDArray[np.float32]) -> Voices:
    found: Voices = rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9)
    return found


def diarizer(settings: Settings) -> SpeakerNet:
    """The network that is part of this package."""
    path = network("speakers")
    if path is None:
        raise EngineMissing("this installation has no speaker network: mien/weights/speakers.onnx is missing")
    return SpeakerNet(path, cores(settings))
