"""Saved faces."""

import gc
from threading import Thread

import pytest

from mien.models.crops import IN_MEMORY, Crops


@pytest.mark.parametrize("size", [7, IN_MEMORY // 3])
def test_faces_come_back_as_they_were_kept(size):
    crops = Crops()
    pictures = [bytes([i]) * (size + i) for i in range(6)]

    kept = [crops.keep(picture) for picture in pictures]

    assert [one.png() for one in reversed(kept)] == pictures[::-1]


def test_faces_may_be_read_while_others_are_kept():
    crops = Crops()
    kept = [crops.keep(b"%06d" % i) for i in range(500)]
    wrong = []

    def read():
        wrong.extend(i for i, one in enumerate(kept[:500]) if one.png() != b"%06d" % i)

    readers = [Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    kept.extend(crops.keep(b"%06d" % i) for i in range(500, 1500))
    for reader in readers:
        reader.join()

    assert not wrong
    assert kept[1499].png() == b"001499"


def test_a_face_outlives_the_model_that_kept_it():
    crop = Crops().keep(b"picture")
    gc.collect()

    assert crop.png() == b"picture"
