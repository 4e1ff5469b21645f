import gzip
import hashlib
import json
from email.header import Header

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mien.api.intake import Submission, intake
from mien.errors import RequestError, TooLarge
from mien.settings import Settings

BOUNDARY = "----boundary"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"
ASKED = {"models": {"prosody": {}}, "text": ["hi"]}

JSON_SHAPES = {
    "plain field (curl, npm)": 'Content-Disposition: form-data; name="json"',
    "file part (Python)": 'Content-Disposition: form-data; name="json"; filename="upload"\r\n'
    "Content-Type: application/octet-stream",
    "typed part, name unquoted (.NET)": "Content-Type: application/json; charset=utf-8\r\n"
    "Content-Disposition: form-data; name=json",
}
FILE = 'Content-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/x-wav'


def form(*parts: tuple[str, str | bytes]) -> bytes:
    def encoded(text):
        return text if isinstance(text, bytes) else text.encode()

    body = b"".join(
        b"--%b\r\n%b\r\n\r\n%b\r\n" % (BOUNDARY.encode(), encoded(head), encoded(data))
        for head, data in parts
    )
    return body + f"--{BOUNDARY}--\r\n".encode()


def received(folder, body: bytes, content_type: str = TYPE, step: int = 1 << 20, **limits) -> Submission:
    taken = intake(content_type, folder, Settings(home=folder / "home", **limits))
    try:
        for at in range(0, len(body), step):
            taken.feed(body[at : at + step])
        return taken.finish()
    finally:
        taken.close()


# ── forms


@pytest.mark.parametrize("shape", JSON_SHAPES.values(), ids=JSON_SHAPES)
@pytest.mark.parametrize("json_first", [True, False], ids=["json first", "file first"])
def test_every_shape_of_the_json_part_is_read_in_any_order(shape, json_first, tmp_path):
    parts = [(shape, json.dumps(ASKED)), (FILE, b"sound")]

    got = received(tmp_path, form(*(parts if json_first else parts[::-1])))

    assert list(got.request.chosen()) == ["prosody"]
    assert got.request.text == ("hi",)
    assert [upload.source.filename for upload in got.uploads] == ["a.wav"]
    assert got.uploads[0].path.read_bytes() == b"sound"


@given(
    st.lists(st.binary(max_size=300) | st.just(b"\r\n--" + BOUNDARY.encode()[:-1]), max_size=4),
    st.integers(1, 400),
)
@hypothesis_settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_files_arrive_whole_however_the_body_is_cut(tmp_path, contents, step):
    got = received(tmp_path, form(*((FILE, content) for content in contents)), step=step)

    assert [upload.path.read_bytes() for upload in got.uploads] == contents
    assert [upload.source.md5sum for upload in got.uploads] == [
        hashlib.md5(content, usedforsecurity=False).hexdigest() for content in contents
    ]


def test_a_form_without_json_asks_for_all_models(tmp_path):
    got = received(tmp_path, form((FILE, b"sound")))

    assert len(got.request.chosen()) == 6


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ('filename="call.wav"', "call.wav"),
        ("filename=call.wav", "call.wav"),
        ('filename="Über uns.wav"', "Über uns.wav"),
        ('filename="../../etc/passwd"', "passwd"),
        ('filename="C:\\\\fakepath\\\\call.wav"', "call.wav"),
        (r'filename="a\b.wav"', "b.wav"),
        ('filename=".."', None),
        ('filename="upload"', "upload"),
        (f"filename=\"{Header('grüße.wav', 'utf-8').encode()}\"; filename*=utf-8''gr%C3%BC", "grüße.wav"),
        ('filename="=?utf-8?B?broken"', "=?utf-8?B?broken"),
        ('filename="a\x01\x7fb.wav"', "ab.wav"),
        (f'filename="{"x" * 2000}.wav"', "x" * 251 + ".wav"),
        ("", None),
    ],
)
def test_the_name_of_a_file_is_its_own_without_folders(given, name, tmp_path):
    head = f'Content-Disposition: form-data; name="file"; {given}'

    (upload,) = received(tmp_path, form((head, b"x"))).uploads

    assert upload.source.filename == name


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"PK\x03\x04rest", "application/zip"),
        (b"PK\x05\x06rest", "application/zip"),
        (b"\x1f\x8b\x08rest", "application/gzip"),
        (b"BZh9rest", "application/x-bzip2"),
        (b"\xfd7zXZ\x00rest", "application/x-xz"),
        (b"RIFF....WAVE", None),
        (b"", None),
    ],
)
def test_the_content_type_is_told_of_archives_alone_whatever_the_client_says(content, told, tmp_path):
    (upload,) = received(tmp_path, form((FILE, content)), step=2).uploads

    assert upload.source.content_type == told


def test_a_file_field_that_was_left_empty_is_no_file(tmp_path):
    got = received(tmp_path, form(('Content-Disposition: form-data; name="file"; filename=""', b"")))

    assert got.uploads == ()


def test_parts_of_other_names_are_let_pass(tmp_path):
    got = received(tmp_path, form(('Content-Disposition: form-data; name="csrf"', "x" * 1000), (FILE, b"y")))

    assert len(got.uploads) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(form((FILE, b"x"))[:-20], "ends in the middle", id="cut short"),
        pytest.param(b"", "ends in the middle", id="empty"),
        pytest.param(b"nothing like a form", "cannot be read", id="no form"),
        pytest.param(form(("Content-Type: audio/wav", b"x")), "has no name", id="no disposition"),
        pytest.param(form(("Content-Disposition: form-data", b"x")), "has no name", id="no name"),
        pytest.param(
            form((FILE, b"x"), ("Content-Type: audio/wav", b"x")), "has no name", id="no name after one"
        ),
        pytest.param(
            form(*[(next(iter(JSON_SHAPES.values())), "{}")] * 2), "two parts `json`", id="two jsons"
        ),
        pytest.param(form((next(iter(JSON_SHAPES.values())), "{")), "not JSON", id="broken json"),
        pytest.param(form(("X: " + "y" * 100_000, b"x")), "cannot be read", id="huge header"),
        pytest.param(
            form(*[("Content-Disposition: form-data; name=a", b"")] * 1001), "1000 parts", id="many parts"
        ),
        pytest.param(form(*[(FILE, b"")] * 4), "more than 3 files", id="many files"),
    ],
)
def test_a_form_that_is_wrong_is_told_so(body, said, tmp_path):
    with pytest.raises(RequestError, match=said):
        received(tmp_path, body, max_files=3)


NAMED = 'Content-Disposition: form-data; name="{}"'


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (
            NAMED.format("files") + '; filename="a.wav"',
            "a part `files`: what it holds belongs in a part `file`",
        ),
        (NAMED.format("file[]") + '; filename="a.wav"', r"a part `file\[\]`"),
        (NAMED.format("models"), "a part `models`: what it holds belongs in a part `json`"),
    ],
)
def test_a_part_that_is_called_otherwise_than_it_should_be_is_told_so(head, said, tmp_path):
    with pytest.raises(RequestError, match=said):
        received(tmp_path, form((head, "{}")))


def test_what_is_sent_beside_what_should_be_is_let_pass(tmp_path):
    thumb, other = NAMED.format("thumb") + '; filename="a.png"', NAMED.format("text")
    got = received(tmp_path, form((thumb, b"x"), (other, "x"), (FILE, b"y"), (NAMED.format("json"), "{}")))

    assert [upload.source.filename for upload in got.uploads] == ["a.wav"]
    assert got.request.text == ()


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary="])
def test_a_form_without_a_boundary_is_told_so(content_type, tmp_path):
    with pytest.raises(RequestError, match=r"no boundary .* leave that header"):
        received(tmp_path, b"", content_type)


def test_a_boundary_without_end_is_refused(tmp_path):
    with pytest.raises(RequestError, match="cannot be read"):
        received(tmp_path, b"", f"multipart/form-data; boundary={'x' * 10_000}")


@pytest.mark.parametrize(
    ("part", "said"),
    [
        pytest.param((FILE, b"x" * 2000), r"file: a\.wav is larger than the 0\.001 MB", id="file"),
        pytest.param((JSON_SHAPES["plain field (curl, npm)"], " " * 2000), "`json` is larger", id="json"),
    ],
)
def test_what_is_too_large_is_refused_while_it_comes(part, said, tmp_path):
    taken = intake(TYPE, tmp_path, Settings(home=tmp_path, max_upload_mb=0.001, max_body_mb=0.001))
    body = form(part)

    with pytest.raises(TooLarge, match=said):
        taken.feed(body[: len(body) - 40])  # the end has not come yet
    taken.close()


def test_files_are_let_go_where_a_form_breaks_off(tmp_path):
    taken = intake(TYPE, tmp_path, Settings(home=tmp_path / "home"))
    taken.feed(form((FILE, b"x"), (JSON_SHAPES["plain field (curl, npm)"], "{}"))[:-20])
    taken.close()

    with pytest.raises(ValueError, match="closed"):
        taken.feed(b"y")


# ── JSON


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "text/plain",
        "application/x-www-form-urlencoded",
        "",
    ],
)
def test_what_is_no_form_is_json_whatever_it_is_called(content_type, tmp_path):
    got = received(tmp_path, json.dumps(ASKED).encode(), content_type)

    assert got.request.text == ("hi",)
    assert got.uploads == ()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(json.dumps(ASKED).encode("utf-8-sig"), id="with a byte order mark"),
        pytest.param(json.dumps(json.dumps(ASKED)).encode(), id="encoded twice"),
        pytest.param(b"\n " + json.dumps(ASKED).encode() + b"\n", id="with space around"),
    ],
)
def test_json_is_read_as_clients_write_it(body, tmp_path):
    assert received(tmp_path, body, "application/json").request.text == ("hi",)


def test_a_text_that_was_cut_in_the_middle_of_an_emoji_is_read(tmp_path):
    body = rb'{"text": ["so glad \ud83d", "\ud83d\ude00"]}'

    assert received(tmp_path, body, "application/json").request.text == ("so glad \ufffd", "😀")
    assert received(tmp_path, json.dumps(body.decode()).encode(), "").request.text[0] == "so glad \ufffd"


@pytest.mark.parametrize("body", [b"", b" ", b"null", b"{}"])
def test_nothing_asked_is_a_request_for_nothing_in_particular(body, tmp_path):
    request = received(tmp_path, body, "application/json").request

    assert request.urls == request.text == ()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{", id="cut short"),
        pytest.param(b'{"text": ["\xff\xfe"]}', id="not UTF-8"),
        pytest.param('{"text": ["é"]}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b'{"text": ["\\ud800"], "a": [\xff]}', id="half a character that is not UTF-8"),
        pytest.param(b'{"text": ["\\ud800"], "a": NaN}', id="half a character beside NaN"),
        pytest.param(b'{"text": ["\\ud800"], "a": ' + b"[" * 100_000, id="half a character beside much"),
        pytest.param(b'{"models": {"face": {"fps_pred": NaN}}}', id="NaN"),
        pytest.param(b'{"models": {"face": {"fps_pred": 1e999}}}', id="infinite"),
        pytest.param(b"[" * 100_000, id="nested"),
        pytest.param(b'{"a":' * 100_000, id="nested objects"),
        pytest.param(b"urls=https%3A%2F%2Fexample.org", id="an url-encoded form"),
        pytest.param(b"\x00" * 100, id="zeros"),
    ],
)
def test_what_is_not_json_is_told_so(body, tmp_path):
    with pytest.raises(RequestError, match="the request is not JSON"):
        received(tmp_path, body, "application/json")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (form((FILE, b"x")), "a form, but its Content-Type"),
        (gzip.compress(json.dumps(ASKED).encode()), "compressed"),
        ('{"text": ["café"]}'.encode("latin-1"), "not in UTF-8"),
        ('{"text": ["a"]}'.encode("utf-16"), "not in UTF-8"),
        (b"{'text': []}", "expected a string key|unexpected character"),  # by the version of orjson
    ],
    ids=["form", "gzip", "latin-1", "utf-16", "quotes"],
)
def test_why_it_is_not_json_is_told(body, said, tmp_path):
    with pytest.raises(RequestError, match=said):
        received(tmp_path, body, "application/json")


def test_json_nested_as_deep_as_it_can_be_is_answered(tmp_path):
    body = b'{"models": {"face": {"facs": ' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}}}"

    assert received(tmp_path, body, "application/json").request.chosen()["face"].facs is not None


def test_a_huge_whole_number_is_told_as_what_it_is(tmp_path):
    with pytest.raises(RequestError, match=r"models\.face\.min_face_size: 1e\+30 is not allowed"):
        received(tmp_path, b'{"models": {"face": {"min_face_size": %d}}}' % 10**30, "application/json")


def test_too_much_json_is_refused_while_it_comes(tmp_path):
    taken = intake("application/json", tmp_path, Settings(home=tmp_path, max_body_mb=0.001))

    with pytest.raises(TooLarge, match=r"the JSON of the request is larger than the 0\.001 MB"):
        taken.feed(b" " * 1001)
    taken.close()
