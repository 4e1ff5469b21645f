"""Telling faces of one film apart by how they look."""

import numpy as np
import pytest

from mien.engines import ALIGNED
from mien.engines.appearance import Appearance
from mien.engines.views import View, seen

ALIKE = Appearance.alike


def view(seed):
    """A smooth pattern with colours, as faces are."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(60, 200, (8, 8, 3)).repeat(ALIGNED // 8, 0).repeat(ALIGNED // 8, 1)
    kernel = np.ones(15) / 15
    for axis in (0, 1):
        coarse = np.apply_along_axis(np.convolve, axis, coarse, kernel, "same")
    return coarse


def embedded(*images):
    return Appearance().embed([image.astype(np.uint8) for image in images])


def test_the_same_face_in_other_light_is_the_same_person():
    face = view(0)
    noise = np.random.default_rng(1).normal(0, 6, face.shape)
    one, darker, noisy = embedded(face, face * 0.7, np.clip(face + noise, 0, 255))

    assert one @ darker > ALIKE
    assert one @ noisy > ALIKE


@pytest.mark.parametrize("turn", [-40, 20, 60])
def test_a_face_that_tilts_or_comes_nearer_is_the_same_person(turn, find, astronaut):
    tilted = seen(astronaut, View(226, 130, 240, np.radians(turn)), 600)
    views = [seen(image, find(image)[0][0].aligned, ALIGNED) for image in (astronaut, tilted)]

    one, other = embedded(*views)

    assert one @ other > 0.9


def test_another_face_is_another_person():
    one, other = embedded(view(0), view(5))

    assert one @ other < ALIKE


def test_a_blank_face_still_gives_a_vector_of_length_one():
    blank = np.zeros((ALIGNED, ALIGNED, 3), np.uint8)

    assert np.isfinite(embedded(blank)).all()
    np.testing.assert_allclose(np.linalg.norm(embedded(blank, blank), axis=1), 1, rtol=1e-5)
