"""Who speaks when: clustering of made-up voices, and the network as it is shipped."""

import tarfile
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mien.engines import speakernet
from mien.engines.speakernet import (
    CELL,
    CONDENSED,
    SIZE,
    SpeakerNet,
    chances,
    clusters,
    confidence,
    pieces,
    together,
    turns_of,
)
from mien.errors import EngineError
from mien.types import SOUND_RATE, UNKNOWN, Interval, Speech
from mien.weights import network
from tests.engines.conftest import recorded
from tests.media import silence, tone

SPEAKERS = np.eye(12, SIZE, dtype=np.float32)
"""Voices that have nothing in common."""


def voices(said, seed=0, noise=0.4):
    """Cells that sound like the speakers of these numbers, but never twice the same."""
    rng = np.random.default_rng(seed)
    cells = SPEAKERS[said] + rng.standard_normal((len(said), SIZE)).astype(np.float32) * noise / np.sqrt(SIZE)
    return cells / np.linalg.norm(cells, axis=1, keepdims=True)


def diarized(*stretches, seed=0):
    """The turns of stretches, each a list of (speaker, cells)."""
    said = [np.repeat([who for who, _ in one], [cells for _, cells in one]) for one in stretches]
    begins = np.cumsum([0, *map(len, said)])
    times = [Interval(k * 100.0, k * 100.0 + len(one) * CELL) for k, one in enumerate(said)]
    return list(turns_of(voices(np.concatenate(said), seed), begins, times)), times


def spoken(turns):
    return [turn.person for turn in turns]


# ── clustering

talks = st.lists(
    st.lists(st.tuples(st.integers(0, 5), st.integers(32, 60)), min_size=1, max_size=4),
    min_size=1,
    max_size=6,
)


@given(talks)
@hypothesis_settings(max_examples=40, deadline=None)
def test_speakers_are_numbered_in_order_of_appearance_and_keep_their_number(stretches):
    turns, _ = diarized(*stretches)

    expected = [who for stretch in stretches for who, _ in groupby(stretch, key=itemgetter(0))]
    order = {who: f"spk_{k}" for k, who in enumerate(dict.fromkeys(expected))}
    assert spoken(turns) == [order[who] for who in expected]


@given(talks, st.permutations(range(6)))
@hypothesis_settings(max_examples=20, deadline=None)
def test_it_matters_not_whose_voice_is_whose(stretches, others):
    swapped = [[(others[who], cells) for who, cells in stretch] for stretch in stretches]

    turns, _ = diarized(*stretches)
    other_turns, _ = diarized(*swapped)

    assert spoken(turns) == spoken(other_turns)


@given(talks)
@hypothesis_settings(max_examples=20, deadline=None)
def test_turns_cover_the_stretches_in_order(stretches):
    turns, times = diarized(*stretches)

    for stretch in times:
        inside = [turn.time for turn in turns if stretch.begin <= turn.time.begin < stretch.end]
        assert inside[0].begin == stretch.begin
        assert inside[-1].end == stretch.end
        assert all(before.end == after.begin for before, after in pairwise(inside))
    assert all(0.5 <= turn.confidence <= 1 for turn in turns)
    plain = {type(value) for turn in turns for value in (turn.time.begin, turn.time.end, turn.confidence)}
    assert plain == {float}  # what numpy has of its own cannot be written as JSON


@given(st.lists(st.integers(0, 11), min_size=1, max_size=60), st.randoms())
@hypothesis_settings(max_examples=40, deadline=None)
def test_clusters_do_not_depend_on_the_order_of_pieces(said, random):
    cells = voices(np.array(said))
    weights = np.ones(len(said))
    order = list(range(len(said)))
    random.shuffle(order)

    labels = clusters(cells, weights)
    shuffled = clusters(cells[order], weights)

    assert sorted(set(labels.tolist())) == list(range(labels.max() + 1))
    for a in range(len(said)):
        for b in range(a):
            assert (labels[a] == labels[b]) == (said[a] == said[b])
    assert [labels[k] for k in order] == [labels[order[list(shuffled).index(k)]] for k in shuffled]


def sounding(likeness, pieces, seed=0):
    """Pure pieces of two voices that are on average this much alike, and whose they are."""
    rng = np.random.default_rng(seed)
    shared, spread = np.sqrt(likeness), np.sqrt(1 - likeness)
    said = np.repeat([0, 1], pieces)
    own = rng.standard_normal((len(said), SIZE - 1)).astype(np.float32)
    own *= spread / np.linalg.norm(own, axis=1, keepdims=True)
    return np.concatenate([np.full((len(said), 1), shared, np.float32), own], axis=1), said


@pytest.mark.parametrize(
    ("likeness", "pieces", "speakers"),
    [
        pytest.param(0.6, (50, 50), 1, id="alike"),
        pytest.param(0.4, (50, 50), 2, id="not alike"),
        pytest.param(0.4, (200, 2), 1, id="not alike, but one hardly speaks"),
        pytest.param(0.2, (200, 2), 2, id="one hardly speaks, but is quite another"),
    ],
)
def test_what_sounds_as_one_is_put_together_and_sooner_where_little_is_said(likeness, pieces, speakers):
    voices, said = sounding(likeness, pieces)

    labels = together(voices, np.full(len(said), 20.0), said + 3)  # numbers may have gaps

    assert labels.max() + 1 == speakers
    assert len(set(zip(labels.tolist(), said.tolist(), strict=True))) == 2


def test_one_speaker_is_one_however_long():
    turns, _ = diarized(*[[(3, 100)]] * 60)

    assert set(spoken(turns)) == {"spk_0"}


def test_many_pieces_are_the_same_speakers_as_few():
    said = np.random.default_rng(0).integers(0, 8, 3 * CONDENSED)

    labels = clusters(voices(said), np.ones(len(said)))

    assert labels.max() + 1 == 8
    assert all(len(set(labels[said == who])) == 1 for who in range(8))


def test_a_change_is_found_where_it_is():
    turns, _ = diarized([(0, 40), (1, 40), (0, 40)])

    assert spoken(turns) == ["spk_0", "spk_1", "spk_0"]
    assert turns[1].time.begin == pytest.approx(40 * CELL, abs=2 * CELL)
    assert turns[1].time.end == pytest.approx(80 * CELL, abs=2 * CELL)


def test_a_short_answer_is_not_swallowed():
    turns, _ = diarized([(0, 60)], [(1, 60)], [(0, 60), (1, 6), (0, 60)])

    assert spoken(turns) == ["spk_0", "spk_1", "spk_0", "spk_1", "spk_0"]


def test_a_voice_that_is_like_nobody_is_unknown():
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((5, SIZE)).astype(np.float32)
    cells = np.concatenate(
        [voices(np.repeat([0, 1], 60)), noise / np.linalg.norm(noise, axis=1, keepdims=True)]
    )
    times = [Interval(0, 60 * CELL), Interval(20, 20 + 60 * CELL), Interval(40, 40 + 5 * CELL)]

    turns = list(turns_of(cells, np.array([0, 60, 120, 125]), times))

    assert spoken(turns) == ["spk_0", "spk_1", UNKNOWN]


def test_pieces_begin_in_order_and_none_is_long():
    found = pieces(voices(np.repeat([0, 1, 0], [100, 30, 7])))

    assert found[0] == 0
    assert all(0 < after - before <= speakernet.LONGEST_PIECE for before, after in pairwise([*found, 137]))


def test_chances_are_shares():
    alike = np.random.default_rng(0).uniform(-1, 1, (50, 4)).astype(np.float32)

    found = chances(alike, np.arange(50) % 10 == 0)

    np.testing.assert_allclose(found.sum(1), 1)
    assert found.min() >= 0


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_confidence_grows_with_likeness_and_falls_with_that_of_others(like, other):
    sure = confidence(np.array([like, other]), 0)

    assert 0 <= sure <= 1
    assert confidence(np.array([like + 0.1, other]), 0) >= sure
    assert confidence(np.array([like, other + 0.1]), 0) <= sure


# ── the network


@pytest.fixture(scope="module")
def net():
    return SpeakerNet(network("speakers"), threads=1)


@pytest.fixture(scope="module")
def readers(shared, tmp_path_factory):
    """Two of LibriSpeech's speakers whom the network has not heard: some utterances each."""
    folder = tmp_path_factory.mktemp("librispeech")
    with tarfile.open(shared / "data" / "voice" / "librispeech.tar") as archive:
        wanted = [
            one for one in archive if Path(one.name).name.startswith(("1688-", "2033-")) and one.isfile()
        ]
        archive.extractall(folder, wanted, filter="data")
    return [
        [recorded(path) for path in sorted(folder.rglob(f"{speaker}-*.opus"))[:4]] for speaker in (1688, 2033)
    ]


def talk(*sounds):
    """Stretches one after the other with a second between them."""
    at, found = 0.0, []
    for sound in sounds:
        found.append(Speech(time=Interval(at, at + len(sound) / SOUND_RATE), sound=sound))
        at += len(sound) / SOUND_RATE + 1
    return found


def test_two_readers_are_told_apart(net, readers):
    one, other = readers

    turns = net.turns(talk(one[0], other[0], one[1], other[1], other[2], one[2]))

    by_stretch = {}
    for turn in turns:
        by_stretch.setdefault(round(turn.time.begin), turn.person)
    assert list(by_stretch.values()) == ["spk_0", "spk_1", "spk_0", "spk_1", "spk_1", "spk_0"]


def test_who_answers_at_once_is_heard(net, readers):
    one, other = readers
    second = int(1.2 * SOUND_RATE)
    middle = other[1][3 * SOUND_RATE :][:second]

    turns = net.turns(talk(one[0], other[0], np.concatenate([one[1], middle, one[2]])))

    assert spoken(turns) == ["spk_0", "spk_1", "spk_0", "spk_1", "spk_0"]
    begin = turns[2].time.begin + len(one[1]) / SOUND_RATE
    assert turns[3].time.begin == pytest.approx(begin, abs=0.4)


def test_one_reader_is_one(net, readers):
    for reader in readers:
        assert set(spoken(net.turns(talk(*reader)))) == {"spk_0"}


def test_the_level_of_a_recording_matters_little(net, call):
    loud, soft = net.voices(call[: 4 * SOUND_RATE]), net.voices(call[: 4 * SOUND_RATE] * 0.1)

    assert (loud * soft).sum(1).min() > 0.98


@pytest.mark.parametrize("sound", [silence(1), silence(0.01), tone(2), tone(0.05)], ids=len)
def test_what_is_no_speech_is_somebody_or_nobody(net, sound):
    (turn,) = net.turns(talk(sound))

    assert turn.person in (UNKNOWN, "spk_0")
    assert 0 <= turn.confidence <= 1


def test_nothing_said_is_no_turns(net):
    assert net.turns([]) == []


def test_another_network_is_refused():
    with pytest.raises(EngineError, match="not a speaker network"):
        SpeakerNet(network("voice"), threads=1)
