"""Recordings put together, of which it is known where bursts and speech are: what a detector learns from,
and is tried on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.voice.data import RATE, Clips

Sound = NDArray[np.float32]

OTHER, SPEECH, BURST = range(3)
"""What a row of what is heard may be, in the order in which the network says so."""

STEP = RATE // 50
"""Samples over which the level of a recording is taken."""

QUIET = 26.0
"""Decibels below its loudest moment where a burst begins and ends; home recordings are no quieter."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A recording, and (begin, end) in samples of what is in it."""

    sound: Sound
    bursts: list[tuple[int, int]]
    speech: list[tuple[int, int]]

    def kinds(self, step: int) -> NDArray[np.int64]:
        """What is heard around each moment, `step` samples apart; speech is what no burst is."""
        found = np.full(len(self.sound) // step + 1, OTHER)
        middles = np.arange(len(found)) * step
        for kind, stretches in ((SPEECH, self.speech), (BURST, self.bursts)):
            for begin, end in stretches:
                found[(middles >= begin) & (middles <= end)] = kind
        return found


def levels(sound: Sound) -> NDArray[np.float64]:
    """Decibels in every fiftieth of a second."""
    whole = sound[: len(sound) // STEP * STEP].reshape(-1, STEP)
    return 10 * np.log10((whole.astype(np.float64) ** 2).mean(1) + 1e-10)


def trimmed(sound: Sound) -> Sound:
    """A burst without the silence around it."""
    level = levels(sound)
    loud = np.flatnonzero(level > level.max() - QUIET)
    return sound[loud[0] * STEP : (loud[-1] + 1) * STEP]


def scene(
    bursts: Callable[[], Sound],
    speech: Callable[[], Sound],
    seconds: float,
    rng: np.random.Generator,
    things: float = 0.35,
) -> Scene:
    """Speech, bursts, things that sound and pauses one after another, before noise or music or none; now and
    then nobody speaks, or nobody bursts. `things`: how likely there are things that sound and are no voice."""
    length = round(seconds * RATE)
    sound = np.zeros(length, np.float32)
    spoken, burst, sounding = rng.random() < 0.8, rng.random() < 0.7, rng.random() < things
    at = int(rng.uniform(0, 1) * RATE)
    found = Scene(sound, [], [])
    while at < length:
        if burst and rng.random() < (0.4 if spoken else 0.5):
            piece, stretches = trimmed(bursts()), found.bursts
        elif sounding and rng.random() < 0.4:
            piece, stretches = thing(int(rng.uniform(0.2, 4) * RATE), rng), []
        elif spoken:
            whole = speech()
            size = min(len(whole), int(rng.uniform(1.5, 5) * RATE))
            begin = int(rng.integers(0, len(whole) - size + 1))
            piece, stretches = whole[begin : begin + size], found.speech
        else:
            at += int(rng.uniform(0.5, 3) * RATE)
            continue
        if at + len(piece) > length:
            break
        level = 10 ** (rng.uniform(-26, -14) / 20)
        sound[at : at + len(piece)] = piece * (level / (np.sqrt((piece**2).mean()) + 1e-5))
        stretches.append((at, at + len(piece)))
        at += len(piece) + int(rng.uniform(0.15, 1.2) * RATE)
    if rng.random() < 0.75:
        behind = music(length, rng) if rng.random() < 0.35 else noise(length, rng)
        sound += behind * 10 ** (rng.uniform(-60, -34) / 20)
    return found


def without_voice(seconds: float, rng: np.random.Generator) -> Scene:
    """Things that sound and are no voice: one from begin to end, or one now and then, in silence or noise."""
    length = round(seconds * RATE)
    if rng.random() < 0.5:
        sound = thing(length, rng)
    else:
        sound = np.zeros(length, np.float32)
        again = rng.random() < 0.5  # the same, as a telephone rings
        piece = thing(int(rng.uniform(0.2, 2.5) * RATE), rng)
        at = int(rng.uniform(0, 3) * RATE)
        while at + len(piece) < length:
            sound[at : at + len(piece)] = piece
            at += len(piece) + int(rng.uniform(0.5, 4) * RATE)
            if not again:
                piece = thing(int(rng.uniform(0.2, 2.5) * RATE), rng)
    sound = sound * np.float32(10 ** (rng.uniform(-40, -14) / 20))
    if rng.random() < 0.5:
        sound += noise(length, rng) * np.float32(10 ** (rng.uniform(-70, -34) / 20))
    return Scene(sound, [], [])


def telephone(one: Scene, rng: np.random.Generator) -> Scene:
    """A scene as it comes out of a telephone: from about 300 to 3400 Hz, and mostly in the 256 steps of µ-law."""
    spectrum = np.fft.rfft(one.sound)
    hertz = np.fft.rfftfreq(len(one.sound), 1 / RATE)
    low, high = rng.uniform(150, 400), rng.uniform(3000, 3900)
    spectrum *= np.clip((hertz / low) ** 4, 0, 1) * np.clip((high / (hertz + 1)) ** 24, 0, 1)
    sound = np.fft.irfft(spectrum, len(one.sound))
    if rng.random() < 0.7:
        loudest = np.abs(sound).max() * rng.uniform(1, 3) + 1e-6
        steps = np.round(np.sign(sound) * np.log1p(255 * np.abs(sound) / loudest) / np.log(256) * 127) / 127
        sound = np.sign(steps) * (256 ** np.abs(steps) - 1) / 255 * loudest
    return Scene(sound.astype(np.float32), one.bursts, one.speech)


def noise(length: int, rng: np.random.Generator) -> Sound:
    """Noise of level 1 and any colour, that may swell."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    hertz = np.fft.rfftfreq(length, 1 / RATE)
    bends = np.interp(np.log(hertz + 30), np.log(np.geomspace(30, 8000, 6)), rng.normal(0, 8, 6))
    slope = -rng.uniform(0, 6) * np.log2((hertz + 30) / 1000)
    made = np.fft.irfft(spectrum * 10 ** ((bends + slope) / 20), length)
    swell = np.interp(
        np.arange(length), np.linspace(0, length, 8), 10 ** (rng.normal(0, 3, 8) * (rng.random() < 0.5) / 20)
    )
    return _leveled(made * swell)


def music(length: int, rng: np.random.Generator) -> Sound:
    """Chords and a melody of decaying tones of level 1, with a beat or without."""
    made = np.zeros(length)
    beat = int(rng.uniform(0.25, 0.7) * RATE)
    root = rng.uniform(80, 220)
    scale = np.array([0, 2, 4, 5, 7, 9, 11, 12, 14, 16])
    bright, decay = rng.uniform(0.4, 1.5), rng.uniform(0.15, 1.5)
    drums = rng.random() < 0.5
    for k, at in enumerate(range(0, length, beat)):
        size = min(3 * beat, length - at)
        time = np.arange(size) / RATE
        chord = [0, 4, 7] if k % 4 == 0 else []
        for degree in [*chord, 12 + rng.choice(scale)]:
            hertz = root * 2 ** (degree / 12)
            for harmonic in range(1, 7):
                if hertz * harmonic < RATE / 2:
                    made[at : at + size] += (
                        harmonic**-bright
                        * np.sin(2 * np.pi * hertz * harmonic * time)
                        * np.exp(-time / decay)
                        * np.minimum(1, time * 100)
                    )
        if drums:
            made[at : at + size] += rng.standard_normal(size) * np.exp(-time * 40) * 2
    return _leveled(made)


def thing(length: int, rng: np.random.Generator) -> Sound:
    """Something that sounds and is no voice, of level 1: a tone, beeps, a siren, knocks, hissing, music."""
    time = np.arange(length) / RATE
    match rng.integers(6):
        case 0:
            made = _hum(time, rng.uniform(60, 2000), rng)
        case 1:
            made = _hum(time, rng.uniform(300, 3000), rng) * (
                time % rng.uniform(0.2, 1) < rng.uniform(0.05, 0.2)
            )
        case 2:
            swing = rng.uniform(0.02, 0.4) * np.sin(2 * np.pi * rng.uniform(0.2, 6) * time)
            made = _hum(np.cumsum(1 + swing) / RATE, rng.uniform(200, 1500), rng)
        case 3:
            made = rng.standard_normal(length) * np.exp(
                -(time % rng.uniform(0.1, 0.8)) * rng.uniform(15, 150)
            )
        case 4:
            return noise(length, rng)
        case _:
            return music(length, rng)
    return _leveled(made)


def _hum(time: NDArray[np.float64], hertz: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """A tone with overtones or without."""
    loud = [1.0, *(rng.uniform(0, 1, 5) * (rng.random() < 0.6))]
    return sum(
        a * np.sin(2 * np.pi * hertz * k * time) for k, a in enumerate(loud, 1) if hertz * k < RATE / 2
    )  # type: ignore[return-value]


def _leveled(sound: NDArray[np.float64]) -> Sound:
    return (sound / (np.sqrt((sound**2).mean()) + 1e-9)).astype(np.float32)


def at_random(
    clips: Clips, indices: Sequence[int] | NDArray[np.int64], rng: np.random.Generator
) -> Callable[[], Sound]:
    """Gives a recording, any of some, each time it is called."""
    return lambda: clips[int(rng.choice(indices))]
