"""The face networks as they are shipped."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mien.engines import VIEW
from mien.engines.facenet import FaceNet, small
from mien.engines.meshnet import MeshNet
from mien.engines.views import View, seen
from mien.errors import EngineError
from mien.labels import EXPRESSIONS, FACE_DESCRIPTIONS, FACS
from mien.weights import network, shipped


def trained(name):
    """Where a network lies that `training/face` makes."""
    path = network(name)
    if path is None:
        pytest.skip(f"{name}.onnx has not been trained yet (training/README.md)")
    return path


@pytest.fixture(scope="module")
def reader():
    return FaceNet(trained("face"), threads=1)


@pytest.fixture(scope="module")
def meshes():
    return MeshNet(trained("facemesh"))


@pytest.fixture(scope="module")
def smiling(find, astronaut):
    """The astronaut's face as readers see it."""
    return the_face(find, astronaut)


def the_face(find, image):
    (found,) = find(image)
    (face,) = [face for face in found if face.probability >= 0.99]
    return seen(image, face.view, VIEW)


def test_a_smiling_face_is_read_as_one(reader, smiling):
    scores = reader.read([smiling])

    assert EXPRESSIONS[scores.expressions[0].argmax()] in {"Joy", "Amusement"}
    assert scores.expressions[0, EXPRESSIONS.index("Joy")] > 0.4
    assert scores.facs[0, FACS.index("AU12 Lip Corner Puller")] > 0.5
    assert scores.descriptions[0, FACE_DESCRIPTIONS.index("Smile")] > 0.5


@pytest.mark.parametrize("scale", [0.4, 4.0])
def test_the_size_of_the_picture_matters_little(scale, reader, smiling, find, astronaut):
    """The network learned from small grey faces; large ones in colour must be read the same way."""
    other = seen(astronaut, View(256, 256, 512), int(512 * scale))
    one, two = reader.read([smiling, the_face(find, other)]).expressions

    assert np.abs(one - two).max() < 0.15
    assert np.corrcoef(one, two)[0, 1] > 0.97


def noise(seed):
    return np.random.default_rng(seed).integers(0, 256, (VIEW, VIEW, 3), dtype=np.uint8)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=4))
@hypothesis_settings(max_examples=10, deadline=None)
def test_a_face_scores_the_same_alone_and_beside_others(reader, seeds):
    faces = [noise(k) for k in seeds]

    together = reader.read(faces)

    assert [table.shape[1] for table in together] == [48, 36, 27]
    for i, face in enumerate(faces):
        for table, alone in zip(together, reader.read([face]), strict=True):
            np.testing.assert_allclose(table[i], alone[0], atol=1e-4)
            assert 0 <= table[i].min() <= table[i].max() <= 1


def test_light_matters_little_and_no_face_is_no_row(reader, smiling):
    bright, dark = reader.read([smiling, (smiling * 0.5).astype(np.uint8)]).expressions

    assert np.abs(bright - dark).max() < 0.05
    assert [len(table) for table in reader.read([])] == [0, 0, 0]


def test_each_small_pixel_is_the_mean_of_what_it_stands_for():
    face = np.zeros((VIEW, VIEW, 3), np.uint8)
    face[:4, :4] = 200
    face[4:6, :4] = 100

    grey = small([face])

    assert grey.shape == (1, 48, 48)
    assert grey[0, 0, 0] == pytest.approx(200, abs=0.1)
    assert grey[0, 1, 0] == pytest.approx(50, abs=0.1)


@given(st.floats(0.01, 1000), st.floats(-5, 5), st.floats(0.5, 2.0), st.floats(-0.5, 0.5))
@hypothesis_settings(max_examples=20, deadline=None)
def test_the_unit_place_form_and_tilt_of_landmarks_do_not_matter(meshes, unit, place, form, turn):
    """Pixels or fractions of a picture, wide or high: only the face itself counts."""
    points = np.random.default_rng(0).normal(0, 0.2, (478, 3)).astype(np.float32)
    points[[33, 133]], points[[362, 263]], points[2] = [-1, -1, 0], [1, -1, 0], [0, 1, 0]
    cos, sin = np.cos(turn), np.sin(turn)
    turned = points @ np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]], np.float32)
    wide = points * np.array([form, 1, form], np.float32)

    scores = meshes.read_meshes([points, (points + np.float32(place)) * np.float32(unit), turned, wide])

    assert scores.shape == (4, 48)
    np.testing.assert_allclose(scores, scores[:1].repeat(4, 0), atol=1e-2)


@pytest.mark.parametrize("axes", [[-1, 1, 1], [1, -1, 1], [-1, -1, 1]])
def test_it_does_not_matter_where_the_axes_of_landmarks_point(meshes, axes):
    """In a mirror, or with y upwards, a face expresses the same."""
    points = np.random.default_rng(0).normal(0, 0.2, (478, 3)).astype(np.float32)
    points[[33, 133]], points[[362, 263]], points[2] = [-1, -1, 0], [1, -1, 0], [0, 1, 0]

    plain, other = meshes.read_meshes([points, points * np.array(axes, np.float32)])

    np.testing.assert_allclose(other, plain, atol=1e-2)


def test_no_mesh_is_no_row_and_a_flat_one_still_gives_numbers(meshes):
    assert meshes.read_meshes([]).shape == (0, 48)
    assert np.isfinite(meshes.read_meshes([np.zeros((478, 3), np.float32)])).all()


@pytest.mark.parametrize("opened", [partial(FaceNet, threads=1), MeshNet])
def test_another_network_is_refused(opened):
    with pytest.raises(EngineError, match=r"voice\.onnx"):
        opened(network("voice"))


@pytest.mark.parametrize("name", ["face", "facemesh"])
def test_the_card_says_what_the_network_is(name):
    trained(name)
    (mine,) = [one for one in shipped() if one.name == name]

    assert {"what", "licence", "source", "data", "sha256"} <= set(mine.card)
