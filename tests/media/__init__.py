"""Tiny media made on the spot: files that real encoders wrote, and media that need no decoding."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from mien.media import Wanted
from mien.types import SOUND_RATE, FileType, Frame, Image, Landmarks, Sound

CODECS = {
    ".aac": "aac",
    ".flac": "flac",
    ".m4a": "aac",
    ".mka": "libopus",
    ".mp3": "libmp3lame",
    ".mp4": "aac",
    ".oga": "flac",
    ".ogg": "libopus",
    ".opus": "libopus",
    ".wav": "pcm_s16le",
    ".webm": "libopus",
    ".wma": "wmav2",
}
"""How the sound of a file is encoded, by the end of its name."""


# ── sounds and pictures as arrays


def tone(seconds: float, level: float = 0.3, hz: float = 220.0) -> Sound:
    """A sine whose peak is `level`: what the stub takes for speech. Mono at SOUND_RATE."""
    times = np.arange(round(seconds * SOUND_RATE)) / SOUND_RATE
    return (level * np.sin(2 * np.pi * hz * times)).astype(np.float32)


def silence(seconds: float) -> Sound:
    return np.zeros(round(seconds * SOUND_RATE), np.float32)


def speech(*seconds: float, pause: float = 1.0) -> Sound:
    """Stretches of tone with silence between them: speech to the stub."""
    parts = [part for length in seconds for part in (silence(pause), tone(length))]
    return np.concatenate(parts[1:])


def grey(level: int, width: int = 64, height: int = 48) -> Image:
    """A picture of one brightness, 0 (black) to 255."""
    return np.full((height, width, 3), level, np.uint8)


def mesh(width: float = 1.0) -> Landmarks:
    """478 landmarks of a face as wide as said."""
    points = np.zeros((478, 3), np.float32)
    points[:, 0] = np.linspace(0, width, 478)
    return points


# ── files


def talk(path: Path, sound: Sound | None = None, *, rate: int = SOUND_RATE, channels: int = 1) -> Path:
    """A recording, two seconds of tone unless told otherwise, encoded as the name of the file says."""
    with av.open(str(path), "w") as container:
        _write_sound(container, tone(2.0) if sound is None else sound, CODECS[path.suffix], rate, channels)
    return path


def film(
    path: Path,
    *greys: int,
    fps: float = 30.0,
    sound: Sound | None = None,
    width: int = 64,
    height: int = 48,
    codec: str = "",
) -> Path:
    """A film whose frames have the brightnesses given, with or without sound. The name of the file
    says the container: .mp4 .mov .mkv .avi .webm"""
    with av.open(str(path), "w") as container:
        rate = Fraction(fps).limit_denominator(1001)
        stream = container.add_stream(codec or ("libvpx" if path.suffix == ".webm" else "libx264"), rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        if not codec and path.suffix != ".webm":
            stream.options = {"crf": "5", "preset": "ultrafast"}
        sounding = (
            None if sound is None else _add_sound(container, CODECS.get(path.suffix, "aac"), SOUND_RATE, 1)
        )
        for level in greys:
            frame = av.VideoFrame.from_ndarray(grey(level, width, height), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sounding is not None:
            _encode_sound(container, sounding, sound, SOUND_RATE, 1)
    return path


def strange_film(path: Path, level: int) -> Path:
    """Three frames of one brightness in a film that says its colours are ICtCp, which FFmpeg cannot undo."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.options = {"x264-params": "colormatrix=ictcp"}
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey(level), format="rgb24")))
        container.mux(stream.encode(None))
    return path


def paced(
    path: Path, times: Iterable[int], *, codec: str = "libx264", b_frames: bool = True, ticks: int = 1000
) -> Path:
    """A film whose frames are shown at these milliseconds, or others of so many a second; something moves
    in it, so that encoders use frames between frames."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, ticks)
        if codec == "libx264":
            stream.options = {"bf": "3" if b_frames else "0"}
        for number, time in enumerate(times):
            image = grey(60)
            image[10:30, number % 40 : number % 40 + 20] = number * 3 % 256
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, ticks)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def picture(
    path: Path, level: int | Image = 128, *, width: int = 64, height: int = 48, pix_fmt: str = ""
) -> Path:
    """A picture of one brightness, or the one given, as its name says: .png .jpg .webp .bmp .gif .tiff"""
    codec, default = {
        ".bmp": ("bmp", "bgr24"),
        ".gif": ("gif", "rgb8"),
        ".jpg": ("mjpeg", "yuvj444p"),
        ".png": ("png", "rgb24"),
        ".tiff": ("tiff", "rgb24"),
        ".webp": ("libwebp", "yuv420p"),
    }[path.suffix]
    image = grey(level, width, height) if isinstance(level, int) else level
    encoder = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height = image.shape[1], image.shape[0]
    encoder.pix_fmt, encoder.time_base = pix_fmt or default, Fraction(1, 25)
    frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format=encoder.pix_fmt)
    if path.suffix == ".gif":  # a gif is more than its packets
        with av.open(str(path), "w") as container:
            stream = container.add_stream("gif", rate=25)
            stream.width, stream.height, stream.pix_fmt = encoder.width, encoder.height, encoder.pix_fmt
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    path.write_bytes(b"".join(bytes(packet) for packet in packets))
    return path


# ── media that need no decoding


@dataclass(frozen=True)
class Fake:
    """Media as they are without frames, sound, text or meshes."""

    name: str = "fake"
    file_type: FileType = "audio"
    fps: float = 0.0
    duration: float | None = None
    has_frames: bool = False
    has_sound: bool = False
    text: str | None = None
    meshes: tuple[Landmarks, ...] = ()
    images: tuple[Image, ...] = field(default=(), repr=False)
    warnings: tuple[str, ...] = ()
    samples: Sound = field(default_factory=lambda: silence(0), repr=False)

    def frames(self, wanted: Iterable[Wanted]) -> Iterator[Frame]:
        for one in wanted:
            index = one.number
            if index >= len(self.images):
                return
            yield Frame(index=index, time=index / self.fps if self.fps else 0.0, image=self.images[index])

    def sound(self) -> Iterator[Sound]:
        for begin in range(0, len(self.samples), SOUND_RATE):
            yield self.samples[begin : begin + SOUND_RATE]


def Talk(seconds: float = 2.0, sound: Sound | None = None, name: str = "talk.wav") -> Fake:  # noqa: N802  # reads as a kind of media
    """A recording: so many seconds of tone, or the sound given."""
    return Fake(name=name, has_sound=True, samples=tone(seconds) if sound is None else sound)


def Film(*greys: int, fps: float = 30.0, sound: Sound | None = None, name: str = "film.mp4") -> Fake:  # noqa: N802
    """A film whose frames have the brightnesses given, silent unless sound is given."""
    return Fake(
        name=name,
        file_type="video_no_audio" if sound is None else "video",
        fps=fps,
        has_frames=True,
        has_sound=sound is not None,
        images=tuple(map(grey, greys)),
        samples=silence(0) if sound is None else sound,
    )


def Picture(level: int = 128, name: str = "picture.png") -> Fake:  # noqa: N802
    """A picture of one brightness."""
    return Fake(name=name, file_type="image", has_frames=True, images=(grey(level),))


def Written(text: str, name: str = "0") -> Fake:  # noqa: N802
    """A text."""
    return Fake(name=name, file_type="text", text=text)


def Meshed(*meshes: Landmarks, name: str = "faces.json") -> Fake:  # noqa: N802
    """A landmark file; one face unless told otherwise."""
    return Fake(name=name, file_type="facemesh", meshes=meshes or (mesh(),))


# ── encoding


def _write_sound(container, sound: Sound, codec: str, rate: int, channels: int) -> None:
    _encode_sound(container, _add_sound(container, codec, rate, channels), sound, rate, channels)


def _add_sound(container, codec: str, rate: int, channels: int):
    stream = container.add_stream(codec, rate=48_000 if codec == "libopus" else rate)
    stream.layout = _layout(channels)
    stream.bit_rate = 96_000  # without it wmav2 does not open
    return stream


def _encode_sound(container, stream, sound: Sound, rate: int, channels: int) -> None:
    """Sound is stretched to the rate by repeating samples, so that its level stays exact. It is that of all
    channels unless it has as many of its own."""
    at = np.arange(round(sound.shape[-1] * rate / SOUND_RATE)) * SOUND_RATE // rate
    planes = np.ascontiguousarray(np.broadcast_to(sound[..., at], (channels, len(at))))
    for begin in range(0, planes.shape[1], rate):
        part = np.ascontiguousarray(planes[:, begin : begin + rate])
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=_layout(channels))
        frame.sample_rate, frame.pts, frame.time_base = rate, begin, Fraction(1, rate)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _layout(channels: int) -> str:
    return {1: "mono", 2: "stereo", 6: "5.1"}[channels]
