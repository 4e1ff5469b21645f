"""Telling faces apart with a pulled network: the real loading code, on a tiny network of the same form."""

import numpy as np
import pytest

from mien.engines import ALIGNED, Engines
from mien.engines.mobileface import FACES, MobileFace, face_identity
from mien.engines.views import seen
from mien.errors import EngineError, EngineMissing
from mien.settings import Settings
from mien.weights import network
from mien.weights.pull import known, pull
from tests.engines.tiny_identity import write


def face(red, green, blue):
    return np.full((ALIGNED, ALIGNED, 3), (red, green, blue), np.uint8)


@pytest.fixture(params=["batch", 1])
def identity(request, tmp_path):
    """Networks that take any number of faces, or one at once."""
    write(tmp_path / "weights" / "mobileface", batch=request.param)
    return Engines(Settings(home=tmp_path)).face_identity


def test_it_is_used_once_it_has_been_pulled(tmp_path):
    engines = Engines(Settings(home=tmp_path))
    assert engines.chosen()["face_identity"] == "appearance"

    write(tmp_path / "weights" / "mobileface")

    assert engines.chosen()["face_identity"] == "mobileface"
    assert "mobilenetv2.onnx" in engines.face_identity.label


def test_the_network_sees_red_first_and_black_and_white_as_minus_one_and_one(tmp_path):
    identity = MobileFace(write(tmp_path / "mobileface") / "mobilenetv2.onnx", threads=1)
    half = face(255, 255, 255)
    half[ALIGNED // 2 :] = 0

    red, halves = identity.embed([face(255, 0, 0), half]) * np.sqrt(6)

    np.testing.assert_allclose(red, [1, 1, -1, -1, -1, -1], atol=1e-5)
    np.testing.assert_allclose(halves, [1, -1] * 3, atol=1e-5)


def test_a_face_is_the_same_alone_and_beside_others(identity):
    rng = np.random.default_rng(0)
    faces = [rng.integers(0, 256, (ALIGNED, ALIGNED, 3), dtype=np.uint8) for _ in range(FACES + 3)]

    together = identity.embed(faces)

    assert len(together) == len(faces)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, rtol=1e-5)
    for row, one in zip(together, faces, strict=True):
        np.testing.assert_allclose(row, identity.embed([one])[0], atol=1e-6)


def test_a_network_that_knows_nothing_of_a_face_still_gives_numbers(identity):
    assert np.isfinite(identity.embed([face(127, 128, 127)])).all()
    assert len(identity.embed([])) == 0


@pytest.mark.parametrize("other", ["voice", "another size"])
def test_another_network_is_refused(other, tmp_path):
    path = network("voice") if other == "voice" else write(tmp_path / "x", side=96) / "mobilenetv2.onnx"

    with pytest.raises(EngineError, match="not a face identity network"):
        MobileFace(path, threads=1)


def test_where_it_has_not_been_pulled_it_says_how(tmp_path):
    with pytest.raises(EngineMissing, match="mien models pull mobileface"):
        face_identity(Settings(home=tmp_path, face_identity="mobileface"))


def test_the_network_itself_knows_a_face_in_the_mirror_and_in_other_light(request, find, astronaut):
    settings = Settings(home=request.config.cache.mkdir("mien"), threads=1)
    try:
        pull(known("mobileface", settings), settings, pause=0)
    except EngineError as error:
        pytest.skip(f"MobileFace cannot be fetched here: {error}")
    identity = face_identity(settings)
    dark = (astronaut * 0.4).astype(np.uint8)
    found = [(image, find(image)[0][0]) for image in (astronaut, astronaut[:, ::-1], dark)]

    plain, mirrored, darker = identity.embed([seen(image, one.aligned, ALIGNED) for image, one in found])

    assert plain @ mirrored > identity.alike
    assert plain @ darker > identity.alike
