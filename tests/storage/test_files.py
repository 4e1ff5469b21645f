"""Files of jobs: what is deleted, and what stays."""

import sys
from contextlib import suppress

import pytest

from mien.errors import StoreError
from mien.storage.files import PARTIAL, Files


@pytest.fixture(params=["folder", "memory"])
def files(request, tmp_path):
    return Files(str(tmp_path / "files") if request.param == "folder" else f"memory://{tmp_path.name}")


@pytest.mark.parametrize(
    ("url", "says"), [("nowhere://bucket", "nowhere"), ("s3://bucket", "s3fs")], ids=["unknown", "missing"]
)
def test_a_place_that_cannot_be_reached_is_refused(url, says, monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)

    with pytest.raises(StoreError, match=says):
        Files(url)


def write(files, *keys):
    for key in keys:
        with files.write(key) as out:
            out.write(b"x")


def test_what_is_deleted_spares_the_keys_and_folders_that_are_named(files):
    write(
        files,
        "jobs/a/predictions.json",
        "jobs/a/upload/0",
        "jobs/a/file/0/1",
        "jobs/a/result/7/1.zip",
        "jobs/b/upload/0",
    )

    files.delete("jobs/a", but=["jobs/a/predictions.json", "jobs/a/upload", "jobs/a/file", "jobs/a/nothing"])

    assert [*files.keys("jobs")] == [
        "jobs/a/file/0/1",
        "jobs/a/predictions.json",
        "jobs/a/upload/0",
        "jobs/b/upload/0",
    ]


def test_all_bytes_are_counted(files):
    assert files.size() == 0

    write(files, "jobs/a/upload/0", "jobs/b/upload/0")

    assert files.size() == 2


def test_half_written_files_go_from_folders_that_are_spared(tmp_path):
    files = Files(str(tmp_path))
    write(files, "jobs/a/upload/0")
    half = tmp_path / "jobs" / "a" / "upload" / f"1{PARTIAL}0011"
    half.write_bytes(b"x")

    files.delete("jobs/a", but=["jobs/a/upload"])

    assert not half.exists()
    assert [*files.keys("jobs/a")] == ["jobs/a/upload/0"]


def test_deleting_nothing_is_no_error(files):
    files.delete("jobs/nobody")
    files.delete("jobs/nobody", but=["jobs/nobody/upload"])


def test_what_is_being_written_is_there_once_it_is_whole(files):
    with files.write("jobs/a/x") as out:
        out.write(b"half")
        assert [*files.keys("jobs")] == []

    assert [*files.keys("jobs")] == ["jobs/a/x"]


@pytest.mark.parametrize("end", [EOFError, KeyboardInterrupt])
def test_what_was_not_written_to_its_end_leaves_nothing(end, tmp_path):
    with suppress(end), Files(str(tmp_path)).write("jobs/a/x") as out:
        out.write(b"half")
        raise end

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("key", ["jobs/../x", "./x", "jobs//x", "/x", "jobs\\x", ""])
def test_no_key_leads_elsewhere(key, tmp_path):
    with pytest.raises(ValueError, match="not a key"), Files(str(tmp_path)).read(key):
        pass
