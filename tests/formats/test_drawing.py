"""What was found, drawn into pictures."""

import re
from base64 import b64decode
from xml.etree import ElementTree

import numpy as np
import pytest

from mien.formats.drawing import draw
from mien.formats.folder import LocalFolder
from mien.labels import EXPRESSIONS
from mien.models.face import FacePrediction
from mien.types import Box, Frame, Group, Measured, Scores

SVG = "{http://www.w3.org/2000/svg}"


def face(frame, x, joy, person="face_0"):
    scores = np.zeros(48, np.float32)
    scores[EXPRESSIONS.index("Joy")] = joy
    return FacePrediction(
        person=person,
        frame=frame,
        time=0.0,
        prob=1.0,
        box=Box(x, 5, 20, 25),
        emotions=Scores(EXPRESSIONS, scores),
    )


def frames(wanted):
    numbers = [one.number for one in wanted]
    return [Frame(index=k, time=0.0, image=np.full((60, 80, 3), k, np.uint8)) for k in numbers]


def drawn(tmp_path, *faces, most=0):
    draw(Measured(groups=(Group("face_0", faces),)), frames, LocalFolder(tmp_path), most)
    return {path.name: ElementTree.parse(path).getroot() for path in tmp_path.iterdir()}  # noqa: S314  # our own


def test_each_frame_has_its_picture_its_boxes_and_the_highest_names(tmp_path):
    pages = drawn(tmp_path, face(0, 10, 0.8), face(0, 50, 0.3), face(7, 30, 0.5))

    assert sorted(pages) == ["frame=0.svg", "frame=7.svg"]
    boxes = pages["frame=0.svg"].findall(f"{SVG}rect[@stroke]")
    assert [(box.get("x"), box.get("width")) for box in boxes] == [("10.0", "20.0"), ("50.0", "20.0")]
    words = [text.text for text in pages["frame=0.svg"].findall(f"{SVG}text")]
    assert {"face_0 1.00", "Joy 0.80", "Joy 0.30"} <= set(words)
    picture = pages["frame=7.svg"].find(f"{SVG}image").get("href")
    assert b64decode(picture.partition(",")[2]).startswith(b"\xff\xd8\xff")  # JPEG


@pytest.mark.parametrize("x", [1, 59])
@pytest.mark.parametrize(("y", "height"), [(0, 28), (30, 28), (2, 57)])
def test_names_stay_within_the_picture(x, y, height, tmp_path):
    one = face(0, 10, 0.8)
    (page,) = drawn(
        tmp_path, FacePrediction(frame=0, time=0, prob=1, box=Box(x, y, 20, height), emotions=one.emotions)
    ).values()

    heights = [float(text.get("y")) for text in page.findall(f"{SVG}text")]
    assert 0 < min(heights) < max(heights) <= 60
    plate = page.find(f"{SVG}rect[@fill-opacity]")
    left, wide = float(plate.get("x")), float(plate.get("width"))
    assert 0 <= left < left + wide <= 80
    assert all(left <= float(text.get("x")) < left + wide for text in page.findall(f"{SVG}text"))


def test_of_a_film_as_many_frames_as_wanted_are_drawn_evenly(tmp_path):
    pages = drawn(tmp_path, *[face(k, 10, 0.5) for k in range(0, 100, 10)], most=5)

    assert sorted(int(re.sub(r"\D", "", name)) for name in pages) == [0, 20, 40, 60, 80]


def test_a_picture_too_long_for_jpeg_is_drawn_smaller_and_boxes_stay_where_they_are(tmp_path):
    def long(wanted):
        return [
            Frame(index=one.number, time=0.0, image=np.zeros((40, 70_000, 3), np.uint8)) for one in wanted
        ]

    draw(Measured(groups=(Group("face_0", (face(0, 69_000, 0.8),)),)), long, LocalFolder(tmp_path))

    page = ElementTree.parse(tmp_path / "frame=0.svg").getroot()  # noqa: S314  # our own
    assert page.get("viewBox") == "0 0 70000 40"
    assert page.find(f"{SVG}image").get("width") == "70000"
    assert page.find(f"{SVG}rect").get("x") == "69000.0"
