"""Squares of a picture, straight or turned."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.engines.views import View, fitted, seen

RNG = np.random.default_rng(0)
NOISE = RNG.integers(0, 256, (40, 40, 3), dtype=np.uint8)


def test_a_view_of_all_is_the_picture():
    assert (seen(NOISE, View(20, 20, 40), 40) == NOISE).all()


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_view_is_turned_back(quarters):
    turned = seen(np.rot90(NOISE, -quarters).copy(), View(20, 20, 40, quarters * np.pi / 2), 40)

    np.testing.assert_allclose(turned.astype(int), NOISE, atol=1)


def test_beyond_the_picture_its_edge_goes_on_unless_it_is_to_be_black():
    grey = np.full((10, 20, 3), 90, np.uint8)

    assert seen(grey, View(10, 5, 60, 0.3), 30).min() == 90
    black = seen(grey, View(10, 5, 20), 20, black=True)
    assert black[:5].max() == black[15:].max() == 0
    assert black[5:15].min() == 90


@given(st.floats(-50, 90), st.floats(-50, 90), st.floats(1, 200), st.floats(-4, 4), st.booleans())
def test_any_view_of_any_place_gives_a_picture(x, y, side, turn, black):
    assert seen(NOISE, View(x, y, side, turn), 16, black).shape == (16, 16, 3)


@pytest.mark.parametrize("black", [False, True])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
@pytest.mark.parametrize("field", ["x", "y", "side", "turn"])
def test_a_view_that_lies_nowhere_shows_nothing(field, value, black):
    nowhere = replace(View(20, 20, 40), **{field: value})

    assert not seen(NOISE, nowhere, 16, black).any()


@pytest.mark.parametrize("turn", [0.0, 0.3])
def test_a_view_of_an_enormous_picture_shows_it_where_it_is_and_copies_little(turn):
    ramp = np.empty((3000, 4000, 3), np.uint8)
    ramp[..., 0], ramp[..., 1], ramp[..., 2] = np.arange(4000) // 16, np.arange(3000)[:, None] // 12, 90
    view = View(1900, 1600, 4200, turn)
    rows, columns = np.mgrid[:192, :192]
    x, y = np.moveaxis(view.placed((np.stack([columns, rows], -1) + np.float32(0.5)) / 192), -1, 0)

    tracemalloc.start()
    shown = seen(ramp, view, 192, black=True).astype(int)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    inside = (x > 40) & (x < 3960) & (y > 40) & (y < 2960)
    np.testing.assert_allclose(shown[inside][:, 0], x[inside] / 16 - 0.5, atol=2)
    np.testing.assert_allclose(shown[inside][:, 1], y[inside] / 12 - 0.5, atol=2)
    assert most < ramp.nbytes / 4


@given(st.floats(0.1, 0.9), st.floats(0.1, 0.9), st.floats(-3, 3))
def test_a_point_lies_where_the_view_shows_it(x, y, turn):
    ramp = np.zeros((100, 100, 3), np.uint8)
    ramp[..., 0], ramp[..., 1] = np.arange(100) * 2, np.arange(100)[:, None] * 2
    view = View(50, 50, 50, turn)

    place = view.placed(np.array([x, y], np.float32))
    shown = seen(ramp, view, 200)[int(y * 200), int(x * 200), :2]

    np.testing.assert_allclose(shown / 2 + 0.5, place, atol=1.0)


@given(st.floats(-50, 90), st.floats(-50, 90), st.floats(1, 200), st.floats(-4, 4))
def test_points_are_fitted_by_the_view_that_they_come_from(x, y, side, turn):
    view, places = View(x, y, side, turn), RNG.random((5, 2), np.float32)

    fitted_ = fitted(view.placed(places), places)

    np.testing.assert_allclose(fitted_.placed(places), view.placed(places), atol=1e-2)
    assert fitted_.side == pytest.approx(side, rel=1e-2)


def test_points_that_lie_in_one_place_still_give_a_view():
    assert seen(NOISE, fitted(np.zeros((5, 2), np.float32), RNG.random((5, 2))), 8).shape == (8, 8, 3)
