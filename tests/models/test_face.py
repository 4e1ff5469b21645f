"""The face model: what it asks its engines, and whose faces it says they are."""

from dataclasses import replace
from io import BytesIO
from threading import Event
from types import SimpleNamespace

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.engines import ALIGNED, VIEW, FaceMemory, FaceScores, FoundFace
from mien.engines.views import View
from mien.models import face
from mien.models.face import TOGETHER, Face, FaceOptions
from mien.types import Box, Frame

ANNA, BEN, CARL = np.eye(4, dtype=np.float32)[:3]


class Script:
    """Plays all face engines: each frame shows the (look, x, probability) that the script says."""

    alike = 0.6

    def __init__(self, *frames):
        self.frames = frames
        self.looks = [look for faces in frames for look, _, _ in faces]

    def pieces(self, step):
        """Frames in which each face is as bright as its look has a number."""
        numbers = iter(range(len(self.looks)))
        for k, faces in enumerate(self.frames):
            image = np.zeros((400, 400, 3), np.uint8)
            image[:, -1] = k
            for _, x, _ in faces:
                image[:80, x : x + 80] = next(numbers)
            yield Frame(index=k, time=k * step, image=image)

    def find(self, images):
        self.watched = list(images)
        return [
            [_found(x, probability) for _, x, probability in self.frames[image[0, -1, 0]]]
            for image, *_ in images
        ]

    def read(self, faces):
        assert all(face.shape == (VIEW, VIEW, 3) for face in faces)
        return FaceScores(*(np.full((len(faces), size), 0.5, np.float32) for size in (48, 36, 27)))

    def embed(self, faces):
        assert all(face.shape == (ALIGNED, ALIGNED, 3) for face in faces)
        return np.stack([self.looks[round(face.mean())] for face in faces])


def _found(x, probability):
    view = View(x + 40, 40, 60)
    return FoundFace(Box(x, 0, 80, 80), probability, view, view)


def persons(*frames, step=1 / 3, batch=16, **options):
    """Whose each face is, frame by frame."""
    script = Script(*frames)
    engines = SimpleNamespace(
        face_finder=script, face_reader=script, face_identity=script, face_memory=FaceMemory
    )
    model = Face(FaceOptions(identify_faces=True, **options), engines, None)
    pieces = list(script.pieces(step))
    found = [one for k in range(0, len(pieces), batch) for one in model.predict(pieces[k : k + batch])]
    return [[one.person for one in found if one.frame == k] for k in range(len(frames))]


def test_persons_are_numbered_as_they_appear_and_known_again_after_an_absence():
    assert persons([(ANNA, 0, 1)], [(BEN, 0, 1)], [], [(ANNA, 200, 1)], [(BEN, 0, 1), (ANNA, 200, 1)]) == [
        ["face_0"],
        ["face_1"],
        [],
        ["face_0"],
        ["face_1", "face_0"],
    ]


@pytest.mark.parametrize("batch", [1, 2, 16])
def test_a_face_that_turns_where_it_was_stays_the_same_person(batch):
    # alike enough for a face that stayed, not for one that did not
    turning = np.sqrt(0.3) * ANNA + np.sqrt(0.7) * BEN

    assert persons([(ANNA, 0, 1)], [(turning, 5, 1)], batch=batch) == [["face_0"], ["face_0"]]
    assert persons([(ANNA, 0, 1)], [(turning, 300, 1)], batch=batch) == [["face_0"], ["face_1"]]
    assert persons([(ANNA, 0, 1)], [(turning, 5, 1)], step=60, batch=batch) == [["face_0"], ["face_1"]]


@pytest.mark.parametrize(("fps_pred", "persons_"), [(1, 1), (0.5, 1), (0.1, 2)])
def test_where_few_pictures_are_looked_at_the_next_is_a_moment_later(fps_pred, persons_):
    turning = np.sqrt(0.3) * ANNA + np.sqrt(0.7) * BEN
    step = round(24 / fps_pred) * 1001 / 24000

    found = persons([(ANNA, 0, 1)], [(turning, 5, 1)], step=step, fps_pred=fps_pred)

    assert len({person for frame in found for person in frame}) == persons_


def test_the_likest_pair_finds_each_other_first():
    """Whoever comes first in a frame does not take the place of somebody else who is more like it."""
    mostly = np.sqrt(0.7) * ANNA + np.sqrt(0.3) * CARL

    assert persons([(ANNA, 0, 1)], [(mostly, 200, 1), (ANNA, 100, 1)]) == [["face_0"], ["face_1", "face_0"]]


LOOKS_ = st.sampled_from([ANNA, BEN, CARL, (ANNA + BEN) / np.sqrt(2), (3 * ANNA + CARL) / np.sqrt(10)])
FRAMES = st.lists(
    st.lists(st.tuples(LOOKS_, st.sampled_from([0, 5, 100, 200, 300]), st.just(1)), max_size=3),
    min_size=1,
    max_size=40,
)


@given(FRAMES, st.integers(1, 17))
def test_ids_do_not_depend_on_how_frames_are_batched_and_nobody_is_twice_in_a_frame(frames, batch):
    found = persons(*frames, batch=batch)

    assert found == persons(*frames, batch=len(frames))
    assert all(len(set(frame)) == len(frame) for frame in found)
    in_order = list(dict.fromkeys(person for frame in found for person in frame))
    assert in_order == [f"face_{k}" for k in range(len(in_order))]


def test_nobody_has_two_faces_at_once():
    assert persons([(ANNA, 0, 1), (ANNA, 200, 1)]) == [["face_0", "face_1"]]


def test_a_cut_to_somebody_else_in_the_same_place_is_somebody_else():
    assert persons([(ANNA, 0, 1)], [(BEN, 0, 1)]) == [["face_0"], ["face_1"]]


def test_weak_and_small_faces_are_left_out():
    frame = [(ANNA, 0, 0.98), (BEN, 200, 1)]

    assert persons(frame) == [["face_0"]]
    assert persons(frame, prob_threshold=0.5) == [["face_0", "face_1"]]
    assert persons(frame, min_face_size=81) == [[]]


def test_without_identities_everybody_is_unknown():
    script = Script([(ANNA, 0, 1), (BEN, 200, 1)])
    engines = SimpleNamespace(face_finder=script, face_reader=script, face_memory=FaceMemory)
    (one, other) = Face(FaceOptions(save_faces=True), engines, None).predict(
        [Frame(index=0, time=0.0, image=np.zeros((400, 400, 3), np.uint8))]
    )

    assert one.person == other.person == "unknown"
    assert one.facs is one.descriptions is None


def test_faces_are_kept_packed_to_the_pixel():
    script = Script([(ANNA, 0, 1), (BEN, 200, 1)])
    engines = SimpleNamespace(face_finder=script, face_reader=script, face_memory=FaceMemory)
    (frame,) = script.pieces(1)
    frame.image[10:50, 200:240] = 77

    crops = [one.crop for one in Face(FaceOptions(save_faces=True), engines, None).predict([frame])]

    for crop, x in zip(crops, (0, 200), strict=True):
        np.testing.assert_array_equal(PIL.Image.open(BytesIO(crop.png())), frame.image[:80, x : x + 80])
        assert len(crop.png()) < 80 * 80


def test_a_face_that_fills_a_good_part_of_a_small_picture_is_not_too_small():
    script = Script([(ANNA, 0, 1)])
    engines = SimpleNamespace(face_finder=script, face_reader=script, face_memory=FaceMemory)
    (frame,) = script.pieces(1)
    thumbnail = replace(frame, image=frame.image[:100])

    def found(one):
        return len(Face(FaceOptions(min_face_size=100), engines, None).predict([one]))

    assert (found(frame), found(thumbnail)) == (0, 1)


def test_who_was_seen_longest_ago_is_forgotten_first_and_nobody_gets_their_number(monkeypatch):
    monkeypatch.setattr(face, "MOST_KNOWN", 1)

    assert persons([(ANNA, 0, 1)], [(BEN, 200, 1)], [(ANNA, 0, 1)]) == [["face_0"], ["face_1"], ["face_2"]]


def test_in_a_connection_what_counts_as_a_moment_is_time_that_passed(monkeypatch):
    moments = iter((100.0, 103.5))
    monkeypatch.setattr("mien.engines.monotonic", lambda: next(moments))
    memory = FaceMemory()
    script = Script([(ANNA, 0, 1)])
    engines = SimpleNamespace(face_finder=script, face_reader=script, face_memory=lambda: memory)

    times = []
    for _ in range(2):
        Face(FaceOptions(), engines, None).predict(list(script.pieces(1)))
        times += [watched.time for watched in script.watched]

    assert times == [0.0, 3.5]


def test_faces_are_read_while_the_next_are_found():
    found = Event()

    class Busy(Script):
        def find(self, images):
            if images[0].image[0, -1, 0]:  # not the first frame
                found.set()
            return super().find(images)

        def read(self, faces):
            assert found.wait(30)
            return super().read(faces)

    script = Busy(*[[(ANNA, 0, 1)]] * (TOGETHER + 1))
    engines = SimpleNamespace(
        face_finder=script, face_reader=script, face_identity=script, face_memory=FaceMemory
    )

    seen = Face(FaceOptions(), engines, None).predict(list(script.pieces(1.0)))

    assert [one.frame for one in seen] == list(range(TOGETHER + 1))
