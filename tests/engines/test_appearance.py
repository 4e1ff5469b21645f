"""Telling faces of one film apart by how they look."""

import numpy as np

from mien.engines import VIEW
from mien.engines.appearance import Appearance
from mien.models.face import SAME_PERSON


def view(seed):
    """A smooth pattern with colours, as faces are."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(60, 200, (8, 8, 3)).repeat(VIEW // 8, 0).repeat(VIEW // 8, 1)
    kernel = np.ones(25) / 25
    for axis in (0, 1):
        coarse = np.apply_along_axis(np.convolve, axis, coarse, kernel, "same")
    return coarse


def test_the_same_face_in_other_light_is_the_same_person():
    face = view(0)
    one, darker, noisy = Appearance().embed(
        [
            face.astype(np.uint8),
            (face * 0.7).astype(np.uint8),
            np.clip(face + np.random.default_rng(1).normal(0, 6, face.shape), 0, 255).astype(np.uint8),
        ]
    )

    assert one @ darker > SAME_PERSON
    assert one @ noisy > SAME_PERSON


def test_another_face_is_another_person():
    one, other = Appearance().embed([view(0).astype(np.uint8), view(5).astype(np.uint8)])

    assert one @ other < SAME_PERSON


def test_a_blank_face_still_gives_a_vector_of_length_one():
    blank = np.zeros((VIEW, VIEW, 3), np.uint8)

    assert np.isfinite(Appearance().embed([blank])).all()
    np.testing.assert_allclose(np.linalg.norm(Appearance().embed([blank, blank]), axis=1), 1, rtol=1e-5)
