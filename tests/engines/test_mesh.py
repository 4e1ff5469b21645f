"""Finding faces with MediaPipe's networks."""

import numpy as np
import pytest
from skimage import data

from mien.engines import FaceMemory, Watched
from mien.engines.mesh import (
    PART,
    SEARCHED_AFTER,
    MeshFinder,
    _apart,
    _BlazeFace,
    _Held,
    _Networks,
    _squares,
    _tiles,
    face_finder,
)
from mien.engines.tflite import onnx_of
from mien.engines.views import View, seen
from mien.errors import EngineError, EngineMissing
from mien.settings import Settings

FACE = (180, 72, 92, 104)
"""Where the astronaut's face lies: x, y, w, h."""


def test_a_face_is_found_where_it_is(find, astronaut):
    ((face,),) = find(astronaut)

    assert (face.box.x, face.box.y, face.box.w, face.box.h) == pytest.approx(FACE, abs=4)
    assert face.probability >= 0.99


@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_boxes_are_in_pixels_of_the_picture_given(scale, find, astronaut):
    other = seen(astronaut, View(256, 256, 512), int(512 * scale))

    ((face,),) = find(other)

    assert (face.box.x, face.box.y, face.box.w, face.box.h) == pytest.approx(
        tuple(np.array(FACE) * scale), abs=5 * scale
    )


def test_every_face_of_a_wide_picture_is_found(find, astronaut):
    wall = np.tile(astronaut[:320, 60:380], (2, 5, 1))

    (found,) = find(wall)
    faces = [face for face in found if face.probability >= 0.99]

    assert len(faces) == 10
    places = sorted((round(face.box.y / 320), round(face.box.x / 320)) for face in faces)
    assert len(set(places)) == 10


@pytest.mark.parametrize(
    ("side", "down", "across"), [(140, 2, 6), (170, 4, 5), (100, 6, 8), (60, 8, 6), (90, 10, 10), (70, 12, 3)]
)
def test_clear_faces_are_found_in_a_crowd(side, down, across, find, astronaut):
    portrait = seen(astronaut, View(230, 140, 240), side)

    (found,) = find(np.tile(portrait, (down, across, 1)))

    assert sum(face.probability >= 0.99 for face in found) == down * across


def test_an_unsure_mesh_is_laid_once_more(find):
    """On the cameraman, who is small and seen from the side, the first is."""
    camera = np.stack([data.camera()] * 3, -1)

    ((face,),) = find(camera)

    assert face.probability >= 0.99


def test_small_faces_are_looked_for_where_they_matter(find, astronaut):
    """In tiles as large as for usual faces, these are not seen."""
    room = np.full((900, 1400, 3), (90, 100, 110), np.uint8)
    grey = np.repeat(astronaut.mean(2, keepdims=True).astype(np.uint8), 3, 2)
    room[640:890, 1110:1360] = seen(grey, View(256, 256, 512), 250)

    ((face,),) = find(room)

    assert (face.box.w, face.box.h) == pytest.approx((45, 51), abs=4)


def test_faces_too_small_to_matter_cost_no_meshes(with_mesh, astronaut, monkeypatch):
    laid = []
    monkeypatch.setattr(_Networks, "_lay", _counting(_Networks._lay, laid))
    audience = np.tile(seen(astronaut, View(230, 140, 240), 66), (10, 10, 1))
    finder, memory = MeshFinder(with_mesh), FaceMemory()

    (all_of_them,) = finder.find([Watched(audience, FaceMemory())])
    laid.clear()
    found = finder.find([Watched(audience, memory, least=60)] * 3)

    assert sum(face.probability >= 0.99 for face in all_of_them) == 100
    assert found == [[], [], []]
    assert not laid


def test_somebody_near_does_not_hide_a_crowd(find, astronaut):
    crowd = np.tile(seen(astronaut, View(230, 140, 240), 90), (9, 9, 1))
    crowd[270:600, 270:600] = seen(astronaut, View(230, 140, 240), 330)

    (found,) = find(crowd)

    assert sum(face.probability >= 0.99 for face in found) >= 0.9 * 66


@pytest.mark.parametrize("name", ["chelsea", "clock", "coffee", "grass", "retina", "hubble_deep_field"])
def test_where_there_is_no_face_no_crowd_is_looked_for(name, find, monkeypatch):
    image = getattr(data, name)()
    image = image if image.ndim == 3 else np.stack([image] * 3, -1)
    looked = []
    monkeypatch.setattr(_BlazeFace, "proposed", _counting(_BlazeFace.proposed, looked))

    (found,) = find(image)

    height, width = image.shape[:2]
    plain = 2 + len(list(_tiles(width, height, 0.0)))
    assert plain <= len(looked) <= plain + len(list(_squares(width, height, PART * max(width, height))))
    assert not [face for face in found if face.probability >= 0.99]


def _counting(function, calls):
    def counted(*given):
        calls.append(given)
        return function(*given)

    return counted


def test_a_mesh_that_sits_askew_on_a_face_is_not_another_face():
    corners = np.array([(0, 0), (100, 0), (0, 100), (100, 100)], np.float32)
    points = np.resize(corners, (468, 2))
    right, ghost, neighbour = (
        _Held.of(points + np.float32([x, 0]), presence) for x, presence in ((0, 25), (54, 5), (-65, 5))
    )

    assert [one.x for one in _apart([ghost, right, neighbour])] == [right.x, neighbour.x]


@pytest.mark.parametrize("degrees", [-40, -20, 20, 40])
def test_readers_get_a_tilted_face_nearly_upright(degrees, find, astronaut):
    tilted = seen(astronaut, View(226, 130, 300, np.radians(degrees)), 600)

    ((face,),) = find(tilted)

    left = abs(degrees) - abs(np.degrees(face.view.turn))
    assert left <= 20  # the astronaut tilts a little; what is more than 15° is turned back
    assert face.probability > 0.9


@pytest.mark.parametrize("degrees", [-40, 0, 30])
def test_what_tells_faces_apart_has_eyes_nose_and_mouth_where_arcface_has_them(degrees, find, astronaut):
    tilt = View(226, 130, 300, np.radians(degrees))
    ((face,),) = find(seen(astronaut, tilt, 600))
    places = np.array([(38.3, 51.7), (73.5, 51.5), (41.5, 92.4), (70.7, 92.2)], np.float32) / 112

    eyes_and_mouth = tilt.placed(face.aligned.placed(places) / 600)

    np.testing.assert_allclose(eyes_and_mouth, [(204, 101), (247, 103), (201, 139), (246, 142)], atol=7)


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(np.zeros((60, 80, 3), np.uint8), id="black"),
        pytest.param(np.full((1, 1, 3), 200, np.uint8), id="one pixel"),
        pytest.param(np.random.default_rng(0).integers(0, 256, (300, 200, 3), dtype=np.uint8), id="noise"),
        pytest.param(np.full((8, 2000, 3), 90, np.uint8), id="a line"),
    ],
)
def test_where_there_is_no_face_none_is_found(image, find):
    assert find(image) == [[]]


def test_a_face_is_followed_lost_and_found_again(find, astronaut):
    blank = np.full_like(astronaut, 128)
    moved = np.roll(astronaut, 12, axis=1)
    elsewhere = np.roll(astronaut, 150, axis=1)

    found = find(astronaut, moved, blank, elsewhere, astronaut)

    assert [len(faces) for faces in found] == [1, 1, 0, 1, 1]
    assert found[3][0].box.x == pytest.approx(FACE[0] + 150, abs=6)


@pytest.mark.parametrize("small", [1, 2])
def test_somebody_who_comes_in_is_seen_at_once(small, find, astronaut):
    alone = np.concatenate([astronaut, np.full_like(astronaut, 90)], 1)
    both = alone.copy()
    both[: 512 // small, -512 // small :] = astronaut[::small, ::small]

    found = find(alone, alone, both)

    assert [len(faces) for faces in found] == [1, 1, 2]


def test_a_face_that_is_followed_costs_one_mesh_when_somebody_comes_in(with_mesh, astronaut, monkeypatch):
    alone = np.pad(astronaut, ((0, 0), (0, 512), (0, 0)))
    both = np.concatenate([astronaut, astronaut], axis=1)
    finder, memory, laid, lay = MeshFinder(with_mesh), FaceMemory(), [], _Networks._lay
    finder.find([Watched(alone, memory)])
    monkeypatch.setattr(
        _Networks, "_lay", lambda self, image, view: laid.append(view) or lay(self, image, view)
    )

    (faces,) = finder.find([Watched(both, memory)])

    assert len(faces) == 2
    assert sum(view.x < 512 for view in laid) == 1


@pytest.fixture
def looks(monkeypatch):
    """(side of the view, pixels that the detector sees) of each look, and ("mesh",) for each mesh."""
    seen, lay, proposed = [], _Networks._lay, _BlazeFace.proposed
    monkeypatch.setattr(_Networks, "_lay", lambda *given: seen.append(("mesh",)) or lay(*given))
    monkeypatch.setattr(
        _BlazeFace,
        "proposed",
        lambda self, image, view: seen.append((round(view.side), self._side)) or proposed(self, image, view),
    )
    return seen


def test_a_face_that_sits_well_is_not_laid_anew_when_the_picture_is_searched(with_mesh, astronaut, looks):
    finder, memory, near = MeshFinder(with_mesh), FaceMemory(), np.ascontiguousarray(astronaut[:300, 80:380])
    finder.find([Watched(near, memory)])
    looks.clear()

    finder.find([Watched(near, memory, time=SEARCHED_AFTER)])

    assert looks == [("mesh",), (300, 192)]  # no second mesh, and one detector: who is near is known


def test_a_face_that_moves_fast_is_checked_closely_instead_of_searched(with_mesh, astronaut, looks):
    finder, memory, pictures = MeshFinder(with_mesh), FaceMemory(), np.full((2, 512, 512, 3), 90, np.uint8)
    for picture, x in zip(pictures, (100, 120), strict=True):
        picture[200:364, x : x + 148] = astronaut[42:206, 152:300]
    ((before,),) = finder.find([Watched(pictures[0], memory)])
    looks.clear()

    ((face,),) = finder.find([Watched(pictures[1], memory)])

    assert face.box.x - before.box.x == pytest.approx(20, abs=4)
    assert [look for look in looks if look != ("mesh",)] == [(pytest.approx(2 * face.box.h, rel=0.15), 128)]


def test_a_detector_does_not_agree_with_a_mesh_that_sits_askew(with_mesh, astronaut):
    finder, memory = MeshFinder(with_mesh), FaceMemory()
    finder.find([Watched(astronaut, memory)])
    (held,) = memory.scene.held
    turn = np.array([[0.9, -0.44], [0.44, 0.9]], np.float32)
    askew = (held.points - held.points.mean(0)) @ turn + held.points.mean(0)
    networks = finder._opened()

    assert networks._confirmed(astronaut, held)
    assert not networks._confirmed(astronaut, _Held.of(held.points + np.float32(0.25 * held.side), 20.0))
    assert not networks._confirmed(astronaut, _Held.of(askew.astype(np.float32), 20.0))


def test_what_changes_a_little_is_looked_at_by_itself(with_mesh, astronaut, looks):
    finder, memory = MeshFinder(with_mesh), FaceMemory()
    wide = np.concatenate([astronaut, np.full_like(astronaut, 90)], axis=1)
    finder.find([Watched(wide, memory, 60.0)])
    spot = wide.copy()
    spot[290:318, 780:820] = 255
    looks.clear()

    finder.find([Watched(spot, memory, 60.0)])

    assert looks == [("mesh",), (360, 128)]


@pytest.fixture
def searched(monkeypatch):
    """Whether each search was a close one; none finds anybody new."""
    how = []
    monkeypatch.setattr(
        _Networks,
        "_searched",
        lambda self, image, held, views, least, closely, surprised: how.append(closely) or held,
    )
    return how


def test_a_picture_that_does_not_change_is_followed(with_mesh, astronaut, searched):
    memory, brighter = FaceMemory(), np.clip(astronaut.astype(int) + 20, 0, 255).astype(np.uint8)
    finder = MeshFinder(with_mesh)

    finder.find([Watched(image, memory) for image in (astronaut, astronaut, brighter, astronaut)])
    assert searched == [True]
    finder.find([Watched(astronaut, memory, time=SEARCHED_AFTER * k / 100) for k in range(100)])
    assert searched == [True]


def test_a_film_is_searched_as_a_whole_every_other_second(with_mesh, astronaut, searched):
    memory, finder = FaceMemory(), MeshFinder(with_mesh)

    finder.find([Watched(astronaut, memory, time=k / 3) for k in range(13)])

    assert searched == [True] * 3


def test_a_film_that_begins_before_the_last_one_ended_is_searched_as_a_whole(with_mesh, astronaut, searched):
    memory, finder = FaceMemory(), MeshFinder(with_mesh)

    finder.find([Watched(astronaut, memory, time=time) for time in (3.0, 4.0, 1.0, 2.0)])

    assert searched == [True] * 2


def test_faces_that_were_too_small_for_one_question_are_found_for_the_next(with_mesh, astronaut):
    memory, finder = FaceMemory(), MeshFinder(with_mesh)

    found = finder.find([Watched(astronaut, memory, least) for least in (400, 60, 400, 60)])

    assert [len(faces) for faces in found] == [0, 1, 0, 1]


def test_pictures_of_several_films_given_at_once_are_not_taken_for_one(with_mesh, astronaut):
    finder = MeshFinder(with_mesh)
    alone = np.concatenate([astronaut, np.full_like(astronaut, 90)], 1)
    both = np.concatenate([astronaut, astronaut[:, ::-1]], 1)
    one, other = FaceMemory(), FaceMemory()

    found = finder.find(
        [Watched(alone, one), Watched(both, other), Watched(alone, one), Watched(both, other)]
    )

    assert [len(faces) for faces in found] == [1, 2, 1, 2]


def test_where_nothing_may_be_fetched_it_says_what_to_do(tmp_path):
    with pytest.raises(EngineMissing, match="mien models pull mesh"):
        face_finder(Settings(home=tmp_path, offline=True))


@pytest.mark.parametrize("content", [b"", b"TFL3", b"\0" * 64, b"\x1c\0\0\0TFL3" + b"\xff" * 60])
def test_what_is_no_network_is_a_clear_error(content, tmp_path):
    (tmp_path / "broken.tflite").write_bytes(content)

    with pytest.raises(EngineError, match=r"broken\.tflite"):
        onnx_of(tmp_path / "broken.tflite")
