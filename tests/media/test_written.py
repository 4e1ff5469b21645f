"""Texts that are measured together, and landmarks."""

import json
import tracemalloc
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import BadLandmarks, TooManyFaces
from mien.media.written import LOT, LOT_CHARACTERS, lots, read_written
from tests.media import mesh


@given(st.lists(st.sampled_from([0, 1, 100, LOT_CHARACTERS // 2, LOT_CHARACTERS, LOT_CHARACTERS + 1])))
def test_lots_hold_every_text_once_in_order_and_as_many_as_may_be(lengths):
    texts = ["x" * length for length in lengths]

    found = list(lots(texts))

    assert [text for lot in found for text in lot] == texts
    assert all(lot for lot in found)
    sizes = [sum(map(len, lot)) for lot in found]
    assert all(size <= LOT_CHARACTERS or len(lot) == 1 for size, lot in zip(sizes, found, strict=True))
    for size, following in zip(sizes, found[1:], strict=False):
        assert size + len(following[0]) > LOT_CHARACTERS


@pytest.mark.parametrize(("texts", "sizes"), [(0, []), (LOT, [LOT]), (2 * LOT + 1, [LOT, LOT, 1])])
def test_a_lot_is_no_more_than_so_many(texts, sizes):
    assert [len(lot) for lot in lots(["Good!"] * texts)] == sizes


@pytest.mark.parametrize(
    "point",
    [
        pytest.param([True, 0.5, False], id="booleans"),
        pytest.param(["0.5", "0.5", "0.5"], id="numbers as texts"),
        pytest.param([0.5, 0.5], id="two numbers"),
        pytest.param([0.5, 0.5, 0.5, 0.5], id="four numbers"),
        pytest.param([[0.5], 0.5, 0.5], id="a list for a number"),
        pytest.param(0.5, id="a number for a list"),
        pytest.param([10**400, 0.5, 0.5], id="an enormous integer"),
        pytest.param([10**400, float("nan"), 0.5], id="an enormous integer and no number"),
        pytest.param([1e39, 0.5, 0.5], id="more than a float holds"),
        pytest.param([None, 0.5, 0.5], id="nothing"),
    ],
)
@pytest.mark.parametrize("place", [0, 477])
def test_what_is_no_point_is_no_landmark(point, place, settings):
    face = mesh().tolist()
    face[place] = point

    with pytest.raises(BadLandmarks, match="face 0 is not 478 landmarks"):
        read_written(BytesIO(json.dumps([face]).encode()), "faces.json", "utf-8", settings)


@pytest.mark.parametrize("value", [[], {}, ["I love it", "I hate it"], [{"text": "I love it"}]])
def test_json_of_something_else_is_told_so(value, settings):
    with pytest.raises(BadLandmarks, match=r"a list of faces; this is not one\. Save texts as \.txt"):
        read_written(BytesIO(json.dumps(value).encode()), "comments.json", "utf-8", settings)


def test_a_long_text_among_landmarks_takes_no_more_memory_than_it_is_long(settings):
    face = mesh().tolist()
    face[7][0] = "x" * 20_000
    file = BytesIO(json.dumps([face]).encode())

    tracemalloc.start()
    try:
        with pytest.raises(BadLandmarks):
            read_written(file, "faces.json", "utf-8", settings)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 10_000_000


@pytest.mark.parametrize("value", ["[]", "{}", "0"])
def test_json_that_holds_far_more_than_faces_is_refused_before_it_is_read(value, settings):
    file = BytesIO(f"[{','.join([value] * 1_000_001)}]".encode())

    with pytest.raises(TooManyFaces, match="far more than 100 faces"):
        read_written(file, "faces.json", "utf-8", settings)


def test_what_looks_like_many_values_within_a_string_is_none(settings):
    file = BytesIO(f'["{"," * 1_000_001}"]'.encode())

    with pytest.raises(BadLandmarks):
        read_written(file, "faces.json", "utf-8", settings)
