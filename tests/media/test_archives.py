"""Archives: what comes out, and what does not."""

import gc
import io
import tarfile
import time
import zipfile
import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mien.errors import BrokenMedia, MediaError, MediaTooLarge, UnknownFileType, UnsafeArchive
from mien.media.archives import Member, is_archive, safe_name, unpack

FILES = {"a.wav": b"RIFF", "Happy/21.png": b"\x89PNG", "deep/er/est/ü.txt": b"text"}


def zipped(path, files=FILES, **options):
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tarred(path, files=FILES, *, entries=(), kind="gz"):
    with tarfile.open(path, f"w:{kind}") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for info in entries:
            archive.addfile(info)
    return path


def outcome(path, tmp_path, settings):
    """What came out, by name: the content, or why not."""
    folder = tmp_path / "out"
    folder.mkdir()
    return {
        one.name: one.path.read_bytes() if isinstance(one, Member) else one.reason
        for one in unpack(path, folder, settings)
    }


@pytest.mark.parametrize("make", ["zip", "gz", "bz2", "xz"])
def test_every_file_comes_out_under_its_name(make, tmp_path, settings):
    path = zipped(tmp_path / "x") if make == "zip" else tarred(tmp_path / "x", kind=make)

    assert is_archive(path)
    assert outcome(path, tmp_path, settings) == FILES


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"PK", b"\x1f\x8b", b"BZh9", b"\xfd7zXZ\0", b"text " * 200]
)
def test_what_is_no_archive_is_none(content, tmp_path):
    (tmp_path / "x.zip").write_bytes(content)

    assert not is_archive(tmp_path / "x.zip")


@pytest.mark.parametrize(
    "name", ["../up.wav", "/etc/passwd", "a/../../up", "C:\\up.wav", "\\\\server\\up", "..\\up.wav", "a/.."]
)
@pytest.mark.parametrize("make", [zipped, tarred], ids=["zip", "tar"])
def test_no_name_leads_out(make, name, tmp_path, settings):
    path = make(tmp_path / "x", {name: b"out", "fine.wav": b"RIFF"})

    found = outcome(path, tmp_path, settings)

    assert found.pop("fine.wav") == b"RIFF"
    assert all(isinstance(reason, str) for reason in found.values())
    assert {p.relative_to(tmp_path).parts[0] for p in tmp_path.rglob("*")} == {"x", "out"}


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_are_refused(kind, tmp_path, settings):
    info = tarfile.TarInfo("passwd")
    info.type, info.linkname = kind, "/etc/passwd"

    found = outcome(tarred(tmp_path / "x", {"a": b"1"}, entries=[info]), tmp_path, settings)

    assert found["a"] == b"1"
    assert "not unpacked" in found["passwd"]


def test_a_link_in_a_zip_is_refused(tmp_path, settings):
    info = zipfile.ZipInfo("passwd")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "x", "w") as archive:
        archive.writestr(info, "/etc/passwd")

    assert "links" in outcome(tmp_path / "x", tmp_path, settings)["passwd"]


def test_a_file_with_holes_is_not_unpacked(tmp_path, settings):
    with tarfile.open(tmp_path / "x", "w:gz", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("a.wav")
        info.size = 4
        info.pax_headers = {"GNU.sparse.map": "1000000000,4", "GNU.sparse.size": "1000000004"}
        archive.addfile(info, io.BytesIO(b"RIFF"))

    assert "holes" in outcome(tmp_path / "x", tmp_path, settings)["a.wav"]


@pytest.mark.parametrize("make", [zipped, tarred], ids=["zip", "tar"])
def test_what_macos_adds_is_left_out_and_other_junk_is_a_file(make, tmp_path, settings):
    files = {"__MACOSX/._a.wav": b"x", "Angry/._a.wav": b"x", "Angry/.DS_Store": b"junk"}

    assert outcome(make(tmp_path / "x", files), tmp_path, settings) == {"Angry/.DS_Store": b"junk"}


@pytest.mark.parametrize("encoding", ["utf-8", "cp437", "latin-1"])
def test_names_in_a_zip_are_in_the_encodings_of_those_who_write_them(encoding, tmp_path, settings):
    name = "Märchen für Zoë.txt".encode(encoding)
    path = zipped(tmp_path / "x", {"x" * len(name): b"text"})
    path.write_bytes(path.read_bytes().replace(b"x" * len(name), name))

    assert outcome(path, tmp_path, settings) == {"Märchen für Zoë.txt": b"text"}


@pytest.mark.parametrize("make", [zipped, tarred], ids=["zip", "tar"])
def test_a_bomb_is_not_unpacked_to_its_end(make, tmp_path, settings):
    options = {"compression": zipfile.ZIP_DEFLATED} if make is zipped else {}
    path = make(tmp_path / "x", {"bomb": b"\0" * 60_000_000}, **options)

    with pytest.raises(UnsafeArchive, match="bomb"):
        outcome(path, tmp_path, settings)

    assert sum(p.stat().st_size for p in (tmp_path / "out").rglob("*")) < 40_000_000


@pytest.mark.parametrize("make", [zipped, tarred], ids=["zip", "tar"])
@pytest.mark.parametrize(
    ("limit", "files"),
    [
        ({"max_archive_members": 3}, {str(i): b"x" for i in range(4)}),
        ({"max_archive_mb": 0.001}, {"a": bytes(range(256)) * 8}),
    ],
    ids=["too many", "too much"],
)
def test_limits_are_those_of_the_settings(make, limit, files, tmp_path, settings):
    with pytest.raises(MediaTooLarge):
        outcome(make(tmp_path / "x", files), tmp_path, settings.model_copy(update=limit))


def test_folders_are_free_up_to_a_point(tmp_path, settings):
    few = settings.model_copy(update={"max_archive_members": 3})

    with pytest.raises(MediaTooLarge):
        outcome(zipped(tmp_path / "x", {f"{i}/": b"" for i in range(10)}), tmp_path, few)


@pytest.mark.parametrize("is_large", [False, True], ids=["zip", "zip64"])
def test_a_zip_that_says_it_lists_too_many_files_is_not_read(is_large, tmp_path, settings):
    path = zipped(tmp_path / "x")
    data = path.read_bytes()
    end = data.index(b"PK\x05\x06")
    stated = (1 << 31).to_bytes(4, "little")
    large = b"PK\x06\x06" + bytes(36) + stated + bytes(12) if is_large else b""
    path.write_bytes(
        data[:end] + large + data[end : end + 12] + (b"\xff" * 4 if is_large else stated) + data[end + 16 :]
    )

    with pytest.raises(MediaTooLarge, match="more than the 10000 files"):
        outcome(path, tmp_path, settings)


def test_a_wrong_checksum_is_damage(tmp_path, settings):
    path = tarred(tmp_path / "x", {"a": b"x"})
    data = bytearray(path.read_bytes())
    data[-8] ^= 1
    path.write_bytes(data)

    with pytest.raises(BrokenMedia):
        outcome(path, tmp_path, settings)


def test_an_xz_that_asks_for_much_memory_is_not_unpacked(tmp_path, settings):
    path = tarred(tmp_path / "x", kind="xz")
    data = bytearray(path.read_bytes())
    header = slice(12, 12 + (data[12] + 1) * 4 - 4)
    data[data.index(b"\x21\x01", 12) + 2] = 40  # a dictionary of 4 GB
    data[header.stop : header.stop + 4] = zlib.crc32(data[header]).to_bytes(4, "little")
    path.write_bytes(data)

    assert not is_archive(path)
    with pytest.raises(BrokenMedia, match="limit"):
        outcome(path, tmp_path, settings)


def test_of_a_long_archive_no_more_is_held_than_of_a_short_one(tmp_path, settings):
    path = tarred(tmp_path / "x", {str(i): b"x" for i in range(20)})

    held = [
        sum(type(one) is tarfile.TarInfo for one in gc.get_objects())  # others may be proxies of what is gone
        for _ in unpack(path, tmp_path, settings)
    ]

    assert max(held) <= held[0] + 1


@pytest.mark.parametrize("make", ["zip", "gz", "bz2", "xz"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_an_archive_that_breaks_off_is_said_to_be_damaged(make, share, tmp_path, settings):
    files = {f"{i}": bytes((i * j * j) % 251 for j in range(3000)) for i in range(20)}
    path = zipped(tmp_path / "x", files) if make == "zip" else tarred(tmp_path / "x", files, kind=make)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])

    if is_archive(path):
        with pytest.raises(BrokenMedia):
            outcome(path, tmp_path, settings)
    else:
        assert make in {"bz2", "xz"}  # whose first block is not whole


def test_an_encrypted_member_is_refused_with_the_reason(tmp_path, settings):
    path = zipped(tmp_path / "x", {"a": b"secret"})
    data = bytearray(path.read_bytes())
    for at in (data.index(b"PK\x03\x04") + 6, data.index(b"PK\x01\x02") + 8):
        data[at] |= 1
    path.write_bytes(data)

    assert outcome(path, tmp_path, settings)["a"] == "the file is encrypted; pack it without a password"


def test_an_archive_within_an_archive_is_a_file(tmp_path, settings):
    inner = zipped(tmp_path / "inner").read_bytes()

    assert outcome(zipped(tmp_path / "x", {"inner.zip": inner}), tmp_path, settings) == {"inner.zip": inner}


def said(path, *extended, kind=tarfile.XHDTYPE):
    """A tar that says this about its files, word for word."""
    with tarfile.open(path, "w:gz") as archive:
        for i, words in enumerate(extended):
            info = tarfile.TarInfo("pax")
            info.type, info.size = kind, len(words)
            archive.addfile(info, io.BytesIO(words))
            info = tarfile.TarInfo(f"{i}.wav")
            info.size = 4
            archive.addfile(info, io.BytesIO(b"RIFF"))
    return path


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE])
@pytest.mark.parametrize(
    ("words", "error"),
    [
        pytest.param(b"1" * 60_000, UnsafeArchive, id="digits"),
        pytest.param(
            b"60 comment=" + b"1" * 48 + b"\n" + b"1" * 60_000, UnsafeArchive, id="digits at the end"
        ),
        pytest.param(b"2 " * 50_000 + b"=", BrokenMedia, id="records within each other"),
        pytest.param(b"6 a=b\n" + b"1 hdrcharset=" * 8_000, BrokenMedia, id="records without an end"),
        pytest.param(b"9 a=b\n", BrokenMedia, id="a record that is longer than it is"),
        pytest.param(b"6 a=b\n" * 30_000, UnsafeArchive, id="more than any file needs"),
    ],
)
def test_what_is_said_about_a_file_costs_no_time(kind, words, error, tmp_path, settings):
    path = said(tmp_path / "x", words, kind=kind)
    begun = time.process_time()

    with pytest.raises(error):
        outcome(path, tmp_path, settings)

    assert time.process_time() - begun < 2.0


def test_no_more_is_said_about_a_later_file(tmp_path, settings):
    path = said(tmp_path / "x", b"6 a=b\n", b"6 a=b\n" * 30_000)

    with pytest.raises(UnsafeArchive):
        outcome(path, tmp_path, settings)


def test_what_is_said_about_all_files_is_not_more_in_many_parts(tmp_path, settings):
    path = said(tmp_path / "x", *[b"6 a=b\n" * 10_000] * 3, kind=tarfile.XGLTYPE)

    with pytest.raises(UnsafeArchive):
        outcome(path, tmp_path, settings)


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_names_and_much_that_is_said_come_through(form, tmp_path, settings):
    files = {f"{'deep/' * 700}{i}-{'7' * 240}.wav": b"RIFF" for i in range(3)}
    with tarfile.open(tmp_path / "x", "w:gz", format=form) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), 1700000000.25
            info.pax_headers = {"SCHILY.xattr.user.note": "é" * 30_000, "comment": "a=b\n1 c=d"}
            archive.addfile(info, io.BytesIO(content))

    assert outcome(tmp_path / "x", tmp_path, settings) == files


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda path: zipped(path, {}), id="zip"),
        pytest.param(lambda path: zipped(path, {"a/": b"", "__MACOSX/._b.png": b"\0"}), id="folders alone"),
        pytest.param(lambda path: tarred(path, {}), id="tar"),
    ],
)
def test_an_archive_without_files_is_told_as_such(made, tmp_path, settings):
    with pytest.raises(MediaError, match="the archive holds no files"):
        outcome(made(tmp_path / "x"), tmp_path, settings)


@pytest.mark.parametrize(
    "said",
    ["[Content_Types].xml", "Index/Document.iwa", "META-INF/manifest.xml", "META-INF/container.xml"],
)
def test_a_document_is_not_measured_as_the_markup_in_it(said, tmp_path, settings):
    """A table of participants lies in many a folder of recordings."""
    path = zipped(tmp_path / "people.xlsx", {"xl/workbook.xml": b"<workbook/>", said: b"<Types/>"})

    with pytest.raises(UnknownFileType, match="it is a document; save what is written in it"):
        outcome(path, tmp_path, settings)


@example("a\0.wav")
@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_a_safe_name_stays_within(name):
    safe = safe_name(name)

    if safe is not None:
        assert not safe.startswith("/")
        assert ".." not in safe.split("/")
        assert "\\" not in safe
        assert "\0" not in safe
