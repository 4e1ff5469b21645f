"""Who is who, with real faces: found, followed, lost and known again, without any identity network."""

import av
import numpy as np
import pytest

from mien.engines import Engines
from mien.engines.views import View, seen
from mien.measure import Wish, measure
from mien.media.decode import open_media
from mien.models import MODELS
from mien.models.face import Face, FaceOptions
from mien.types import Frame
from tests.media.test_decode import with_orientation

WIDTH, HEIGHT = 640, 360


@pytest.fixture(scope="module")
def engines(with_mesh):
    """Real but for the reader, which is not asked about here, and without a pulled identity network."""
    return Engines(with_mesh.model_copy(update={"face_reader": "stub", "face_identity": "appearance"}))


@pytest.fixture(scope="module")
def ann(astronaut):
    return astronaut[:320, 60:380]


@pytest.fixture(scope="module")
def filmed(shared):
    """The first frame of the film."""
    with av.open(str(shared / "media" / "talking_face.mp4")) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


@pytest.fixture(scope="module")
def eve(filmed):
    """The woman in it."""
    return seen(filmed, View(428, 190, 420), 320)


def scene(*faces, shift=0):
    """A frame that shows pictures of 320 pixels side by side; None leaves a place empty."""
    image = np.full((HEIGHT, WIDTH, 3), 80, np.uint8)
    for k, face in enumerate(faces):
        if face is not None:
            image[20:340, 320 * k + shift : 320 * k + 320] = face[:, : 320 - shift]
    return image


def persons(engines, *images):
    """Who is in each frame, from left to right. Each is looked for anew, as in a stream."""
    model = Face(FaceOptions(identify_faces=True), engines, None)
    frames = [Frame(index=k, time=k / 3, image=image) for k, image in enumerate(images)]
    found = [one for frame in frames for one in model.predict([frame])]
    return [
        [one.person for one in sorted(found, key=lambda one: one.box.x) if one.frame == k]
        for k in range(len(images))
    ]


def test_two_people_are_told_apart_across_cuts_and_absences(engines, ann, eve):
    film = [
        scene(ann),
        scene(ann, shift=6),
        scene(eve),  # a cut to somebody else in the same place
        scene(eve, shift=6),
        scene(),
        scene(None, ann),  # back, elsewhere
        scene(eve, ann),
        scene(ann, eve),  # they change places from one frame to the next
    ]

    assert persons(engines, *film) == [
        ["face_0"],
        ["face_0"],
        ["face_1"],
        ["face_1"],
        [],
        ["face_0"],
        ["face_1", "face_0"],
        ["face_0", "face_1"],
    ]


@pytest.mark.parametrize("side", range(380, 601, 20))
def test_after_a_cut_a_face_lies_where_it_does_when_it_is_seen_alone(side, engines, ann, filmed):
    after = scene(seen(filmed, View(428, 190, side), 320))
    model = Face(FaceOptions(), engines, None)
    model.predict([Frame(index=0, time=0.0, image=scene(ann))])

    (found,) = model.predict([Frame(index=1, time=1 / 3, image=after)])
    (alone,) = Face(FaceOptions(), engines, None).predict([Frame(index=0, time=0.0, image=after)])

    for name in ("x", "y", "w", "h"):
        assert getattr(found.box, name) == pytest.approx(getattr(alone.box, name), abs=0.1 * alone.box.h)


def test_a_face_beside_itself_is_two_people(engines, ann):
    (found,) = persons(engines, scene(ann, ann))

    assert sorted(found) == ["face_0", "face_1"]


def test_a_film_of_one_person_has_one_id(engines, shared, settings):
    media = open_media(shared / "media" / "talking_face.mp4", "film", settings)
    wish = Wish(models={"face": MODELS["face"].options(identify_faces=True)}, transcription=None)

    groups = measure(media, wish, engines).models["face"].groups

    assert [group.id for group in groups] == ["face_0"]
    assert [one.frame for one in groups[0].predictions] == [round(k * 24000 / 1001 / 3) for k in range(59)]


@pytest.mark.parametrize(("orientation", "turned"), [(3, 2), (6, 1), (8, 3)])
def test_boxes_are_in_pixels_of_the_picture_as_it_is_shown(orientation, turned, engines, astronaut, settings):
    upright = astronaut[:, :400]
    encoder = av.CodecContext.create("png", "w")
    stored = np.ascontiguousarray(np.rot90(upright, turned))
    encoder.width, encoder.height, encoder.pix_fmt = stored.shape[1], stored.shape[0], "rgb24"
    encoder.time_base = 1
    frame = av.VideoFrame.from_ndarray(stored, format="rgb24")
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    content = with_orientation(b"".join(bytes(packet) for packet in packets), orientation)
    wish = Wish(models={"face": MODELS["face"].options()}, transcription=None)

    found = measure(open_media(content, "picture.png", settings), wish, engines)

    ((face,),) = (group.predictions for group in found.models["face"].groups)
    assert (face.box.x, face.box.y, face.box.w, face.box.h) == pytest.approx((180, 72, 92, 104), abs=5)
