"""Saved faces."""

import copy
import gc
import pickle
from threading import Thread

import pytest

from mien.errors import StoreError
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


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda crop: pickle.loads(pickle.dumps(crop))])  # noqa: S301
def test_a_face_can_be_copied_and_sent_to_another_process(copied):
    assert copied(Crops().keep(b"picture")).png() == b"picture"


def test_where_the_disk_takes_no_more_it_is_no_fault_of_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))

    with pytest.raises(StoreError, match="could not be saved"):
        Crops().keep(b"x" * (IN_MEMORY + 1))
