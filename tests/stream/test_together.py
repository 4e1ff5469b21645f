"""Calls that come together are made in one, and nobody gets what is another's."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.engines import FaceScores
from mien.errors import EngineError
from mien.stream.together import SHARED, SharedEngines, Together


class Recorded:
    """Doubles numbers, and remembers what was asked in one call. The first call waits to be let go."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.begun, self.go = Event(), Event()
        self._lock = Lock()

    def __call__(self, pieces: Sequence[int]) -> np.ndarray:
        with self._lock:
            first = not self.calls
            self.calls.append(list(pieces))
        if first:
            self.begun.set()
            assert self.go.wait(10)
        if 13 in pieces:
            raise EngineError("13")
        return np.array(pieces, np.float32) * 2


def crowd(call, *asked):
    """What comes of all that is asked while the first call is being made."""
    together = Together(call, at_once=1, most=8)
    with ThreadPoolExecutor(len(asked)) as threads:
        first = threads.submit(together, asked[0])
        assert call.begun.wait(10)
        others = [threads.submit(together, pieces) for pieces in asked[1:]]
        while len(together._waiting) < len(others):
            pass
        call.go.set()
        return [first, *others]


def test_who_comes_alone_is_answered_alone():
    call = Recorded()
    call.go.set()
    together = Together(call, at_once=1, most=8)

    assert together([1, 2]).tolist() == [2, 4]
    assert together([3]).tolist() == [6]
    assert call.calls == [[1, 2], [3]]


def test_those_who_wait_are_answered_in_one_call():
    call = Recorded()

    answers = crowd(call, [1], [2, 3], [4], [5])

    assert [answer.result().tolist() for answer in answers] == [[2], [4, 6], [8], [10]]
    assert call.calls[0] == [1]
    assert sorted(call.calls[1]) == [2, 3, 4, 5]
    assert len(call.calls) == 2


@pytest.mark.parametrize(("size", "largest"), [(3, 6), (4, 8)])
def test_no_call_is_larger_than_allowed(size, largest):
    call = Recorded()

    answers = crowd(call, [1], *[[n] * size for n in range(20, 25)])

    assert [answer.result().tolist() for answer in answers[1:]] == [[2 * n] * size for n in range(20, 25)]
    assert max(map(len, call.calls)) == largest


def test_one_that_is_larger_than_allowed_is_made_alone():
    call = Recorded()

    answers = crowd(call, [1], [2] * 20, [3])

    assert [len(answer.result()) for answer in answers] == [1, 20, 1]


def test_a_failure_is_told_to_nobody_but_whose_it_is():
    call = Recorded()

    answers = crowd(call, [1], [2], [13], [3])

    with pytest.raises(EngineError, match="13"):
        answers[2].result()
    assert [answers[i].result().tolist() for i in (0, 1, 3)] == [[2], [4], [6]]


class Unparted(Recorded):
    """Gives nothing that can be parted among several."""

    def __call__(self, pieces):
        rows = super().__call__(pieces)
        return rows if len(pieces) == 1 else None


def test_an_answer_that_cannot_be_parted_keeps_nobody_waiting():
    answers = crowd(Unparted(), [1], [2], [3])

    assert [answer.result().tolist() for answer in answers] == [[2], [4], [6]]


@given(st.lists(st.lists(st.integers(0, 12), max_size=5), max_size=30), st.integers(1, 3))
def test_everybody_gets_their_own(asked, at_once):
    together = Together(lambda pieces: [2 * piece for piece in pieces], at_once, most=4)
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(together, asked))

    assert answers == [[2 * piece for piece in pieces] for pieces in asked]
    assert together._free == at_once


def test_tables_of_the_same_pieces_are_parted_alike():
    def call(pieces):
        rows = np.array(pieces, np.float32)[:, np.newaxis]
        return FaceScores(rows, rows * 2, rows * 3)

    scores = Together(call, at_once=1, most=8)([1, 2])

    assert isinstance(scores, FaceScores)
    assert scores.facs.tolist() == [[2], [4]]


def test_every_role_that_is_shared_has_its_method(settings):
    engines = SharedEngines(settings, at_once=1)

    for role, (method, _) in SHARED.items():
        engine = engines.load(role)
        assert isinstance(getattr(engine, method), Together)
        assert engine.label == "stub (no measurement)"
        assert engines.load(role) is engine
        assert engines.remembering().load(role) is engine
