"""Telling faces of one film apart by how they look."""

import numpy as np

from mien.engines import VIEW, SeenFace
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


def embedded(*images):
    mesh = np.zeros((478, 3), np.float32)
    return Appearance().embed([SeenFace(image.astype(np.uint8), mesh) for image in images])


def test_the_same_face_in_other_light_is_the_same_person():
    face = view(0)
    noise = np.random.default_rng(1).normal(0, 6, face.shape)
    one, darker, noisy = embedded(face, face * 0.7, np.clip(face + noise, 0, 255))

    assert one @ darker > SAME_PERSON
    assert one @ noisy > SAME_PERSON


def test_another_face_is_another_person():
    one, other = embedded(view(0), view(5))

    assert one @ other < SAME_PERSON


def test_a_blank_face_still_gives_a_vector_of_length_one():
    blank = np.zeros((VIEW, VIEW, 3), np.uint8)

    assert np.isfinite(embedded(blank)).all()
    np.testing.assert_allclose(np.linalg.norm(embedded(blank, blank), axis=1), 1, rtol=1e-5)
