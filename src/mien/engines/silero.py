"""Voice activity by silero v6, whose network lies inside the faster-whisper wheel.

The network hears 32 ms at a time, with 4 ms of what came before, and says how likely somebody
speaks. It knows many languages, and takes noise, tones and most music for silence.

Its file is rewritten while it is opened. There the chunks are a batch, each of four short frames, and
onnxruntime multiplies them one after the other; here they are the rows of one picture, over which the same
convolutions go, in a third of the time.
"""

from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.engines import LONGEST_STRETCH
from mien.engines.onnx import opened
from mien.engines.onnxfile import Attribute, model, node, tensor, value, weights
from mien.errors import EngineError, EngineMissing
from mien.settings import Settings
from mien.types import SOUND_RATE, Interval, Sound

CHUNK = 512
"""Samples that the network hears at once: it was trained on no other number."""

CONTEXT = 64
"""Samples of the chunk before that it hears again."""

FRAME, HOP = 256, 128
"""Samples of the frames whose spectrum it sees, and between them. The last frame of a chunk reaches beyond
its end, where the chunk is mirrored."""

STRIDES = (1, 2, 2, 1)
"""Of its convolutions, whose kernels are three frames wide."""

STATE = 128
"""Width of what it remembers from chunk to chunk."""

BATCH = 125
"""Chunks in one call, four seconds: more is no faster."""

SPEAKS = 0.5
SILENT = 0.35
"""Speech begins at the one and ends below the other: the defaults of silero's authors."""

SHORTEST = 0.25
"""Seconds; anything shorter is taken for a noise, as by silero's authors."""

PAUSE = 0.5
"""Seconds of silence that end a stretch. The authors' tenth of a second cuts between words that a
transcriber needs to hear together."""

PADDING = 0.2
"""Seconds added on either side, so that soft first and last sounds are not lost."""

_PAUSE, _PADDING, _SHORTEST, _LONGEST = (
    int(seconds * SOUND_RATE / CHUNK) for seconds in (PAUSE, PADDING, SHORTEST, LONGEST_STRETCH)
)


class Silero:
    """Hears speech in any language."""

    label = "silero v6 (any language)"

    def __init__(self, network: Path) -> None:
        # each step waits for the last: more threads are slower
        self._session = opened(rewritten(network), name=network.name)

    def speech(self, sound: Iterable[Sound]) -> Iterator[Interval]:
        """Stretches of speech, in memory that does not grow with the sound."""
        heard = _Heard(sound)
        likely = (float(p) for batch in self._likely(heard) for p in batch)
        for begin, end in stretches(likely):
            yield Interval(begin * CHUNK / SOUND_RATE, min(end * CHUNK, heard.samples) / SOUND_RATE)

    def _likely(self, batches: Iterable[Sound]) -> Iterator[NDArray[np.float32]]:
        """How likely somebody speaks, chunk by chunk. State is carried from batch to batch."""
        state = cell = np.zeros((1, 1, STATE), np.float32)
        before = np.zeros(CONTEXT, np.float32)
        for batch in batches:
            with_context = np.concatenate([before, batch])
            chunks = np.lib.stride_tricks.sliding_window_view(with_context, CONTEXT + CHUNK)[::CHUNK]
            mirrored = chunks[:, -2 : -2 - (FRAME - HOP) // 2 : -1]
            given = np.concatenate([chunks, mirrored], axis=1)[np.newaxis, np.newaxis]
            likely, state, cell = self._session.run(None, {"chunks": given, "h": state, "c": cell})
            before = batch[-CONTEXT:]
            yield likely


def rewritten(network: Path) -> bytes:
    """The network with chunks as rows: `chunks` (1, 1, chunks, 640) to `likely` (chunks,).

    Raises:
        EngineError: it is damaged, or not the network that is known here.
    """
    try:
        held = weights(network.read_bytes())
        spectrum = held["encoder.feature_extractor.forward_basis_buffer"][:, :, np.newaxis]
        layers = [
            (held[f"encoder.conv_layers.{k}.weight"][:, :, np.newaxis], held[f"encoder.conv_layers.{k}.bias"])
            for k in range(4)
        ]
        memory = [held[f"onnx::LSTM_{k}"] for k in (209, 210, 211)]
        last = held["decoder.conv1d.weight"][0], held["decoder.conv1d.bias"]
    except (KeyError, ValueError) as error:
        raise EngineError(f"the network {network.name} is not as expected: {error!r}") from error
    nodes, tensors = [], []

    def add(kind: str, inputs: Sequence[str], *outputs: str, **attributes: Attribute) -> None:
        nodes.append(node(kind, inputs, outputs, **attributes))

    def hold(name: str, values: NDArray[np.generic]) -> str:
        tensors.append(tensor(name, values))
        return name

    half = len(spectrum) // 2
    for name, part in (("real", spectrum[:half]), ("imaginary", spectrum[half:])):
        add("Conv", ["chunks", hold(f"{name}.weight", part)], name, strides=[1, HOP])
        add("Mul", [name, name], f"{name}.squared")
    add("Add", ["real.squared", "imaginary.squared"], "power")
    add("Sqrt", ["power"], "0")
    for k, ((weight, bias), stride) in enumerate(zip(layers, STRIDES, strict=True)):
        given = [str(k), hold(f"{k}.weight", weight), hold(f"{k}.bias", bias)]
        add("Conv", given, f"{k}.sum", strides=[1, stride], pads=[0, 1, 0, 1])
        add("Relu", [f"{k}.sum"], str(k + 1))
    add("Transpose", [str(len(layers))], "turned", perm=[2, 3, 0, 1])
    add("Squeeze", ["turned", hold("one", np.array([1]))], "seen")
    names = [hold(f"memory.{k}", values) for k, values in enumerate(memory)]
    add("LSTM", ["seen", *names, "", "h", "c"], "heard", "hn", "cn", hidden_size=STATE)
    add("Relu", ["heard"], "known")
    add("MatMul", ["known", hold("last.weight", last[0])], "weighed")
    add("Add", ["weighed", hold("last.bias", last[1])], "logit")
    add("Sigmoid", ["logit"], "share")
    add("Reshape", ["share", hold("flat", np.array([-1]))], "likely")
    state = (1, 1, STATE)
    given_ = [
        value("chunks", (1, 1, "chunks", CONTEXT + CHUNK + (FRAME - HOP) // 2)),
        value("h", state),
        value("c", state),
    ]
    return model(
        nodes, tensors, given_, [value("likely", ("chunks",)), value("hn", state), value("cn", state)]
    )


def stretches(likely: Iterable[float]) -> Iterator[tuple[int, int]]:
    """From which chunk up to which somebody speaks, padded, each stretch as soon as it has ended.

    They come in order and do not overlap. One that would be longer than `LONGEST_STRETCH` is cut
    where a voice is least likely in its second half. The last may pass the last chunk by its padding.
    """
    begin, first = None, 0  # of the open stretch: with its padding, and without
    ended: int | None = None  # where it may have ended, while it is not certain
    course: list[float] = []  # how likely each of its chunks is, from `first` on
    at = -1
    for at, p in enumerate(likely):
        if begin is None:
            if p < SPEAKS:
                continue
            begin, first, ended, course = max(0, at - _PADDING), at, None, []
        course.append(p)
        if p >= SPEAKS:
            ended = None
        elif p < SILENT and ended is None:
            ended = at
        if ended is not None and at - ended >= _PAUSE:
            if ended - first >= _SHORTEST:
                yield begin, ended + _PADDING
            begin = None
        elif at + 1 + _PADDING - begin >= _LONGEST:
            half = len(course) // 2
            candidates = course[half : (ended or at + 1) - first - _SHORTEST]
            cut = first + half + int(np.argmin(candidates))
            yield begin, cut
            begin, first, course = cut, cut, course[cut - first :]
    if begin is not None:
        end = at + 1 if ended is None else ended
        if end - first >= _SHORTEST:
            yield begin, end + _PADDING


class _Heard:
    """A sound in batches of whole chunks, the last filled up with silence; and how long it was."""

    def __init__(self, sound: Iterable[Sound]) -> None:
        self._sound = sound
        self.samples = 0

    def __iter__(self) -> Iterator[Sound]:
        held: list[Sound] = []
        waiting = 0
        for piece in self._sound:
            self.samples += len(piece)
            held.append(piece)
            waiting += len(piece)
            if waiting >= BATCH * CHUNK:
                whole = np.concatenate(held)
                for i in range(0, waiting - BATCH * CHUNK + 1, BATCH * CHUNK):
                    yield whole[i : i + BATCH * CHUNK]
                held = [whole[waiting - waiting % (BATCH * CHUNK) :]]
                waiting %= BATCH * CHUNK
        if waiting:
            yield np.concatenate([*held, np.zeros(-waiting % CHUNK, np.float32)])


def voice_activity(settings: Settings) -> Silero:
    """Silero as the faster-whisper wheel carries it; that package itself is not imported."""
    spec = find_spec("faster_whisper")
    network = (
        next(Path(spec.origin).parent.glob("assets/silero_vad_v6.onnx"), None)
        if spec and spec.origin
        else None
    )
    if network is None:
        raise EngineMissing(
            "the silero network is missing: it comes with faster-whisper (`pip install faster-whisper`)"
        )
    return Silero(network)
