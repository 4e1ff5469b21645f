"""Where bursts begin and end: a small head over what is heard, learned from scenes."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.voice.data import DEVELOPMENT, TEST, TRAIN, load
from training.voice.network import BANDS, HOP, STRIDE, Contours, Encoder, Kinds, LogMel, heard_of
from training.voice.scenes import Scene, at_random, scene, telephone, without_voice

SCENES, SECONDS = 4000, 9.0
"""What the head learns from; as long as what is heard together when mien runs."""

VOICELESS = 8
"""One scene in so many is of tones, beeps, knocks or music alone."""

TELEPHONE = 3
"""One scene in so many comes out of a telephone."""

ACTORS = range(3, 14)
"""EMO-DB's, whose emotional speech is no burst: seven to learn from; 14, 15 and 16 to report on."""

STEPS, BATCH, RATE_OF_LEARNING = 1600, 32, 2e-3


def readers(work: Path) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Recordings of plain speech to learn from, to choose by, and to report on: of other speakers each."""
    speakers = load(work, "librispeech").speakers
    places = np.unique(speakers, return_inverse=True)[1]
    learn, choose = places < 140, (places >= 140) & (places < 160)
    return np.flatnonzero(learn), np.flatnonzero(choose), np.flatnonzero(places >= 160)


def learned(encoder: Encoder, work: Path) -> Kinds:
    """Tells the kinds of `scenes`."""
    torch.manual_seed(0)
    rng = np.random.default_rng(1)
    bursts, plain, acted = (load(work, name) for name in ("emogator", "librispeech", "emodb"))
    burst = at_random(bursts, bursts.of(TRAIN), rng)
    reading, acting = at_random(plain, readers(work)[0], rng), at_random(acted, acted.of(ACTORS), rng)
    made = [
        without_voice(SECONDS, rng)
        if k % VOICELESS == 1
        else scene(burst, acting if k % 4 == 0 else reading, SECONDS, rng)
        for k in range(SCENES)
    ]
    made = [telephone(one, rng) if k % TELEPHONE == 2 else one for k, one in enumerate(made)]
    front, going = LogMel(), Contours()
    seen = [_seen(encoder, front, going, one) for one in made]
    bands, heard, contours = (torch.cat(parts) for parts in zip(*seen, strict=True))
    kinds = torch.from_numpy(np.array([one.kinds(HOP * STRIDE) for one in made]))
    head = Kinds()
    optimizer = torch.optim.AdamW(head.parameters(), lr=RATE_OF_LEARNING, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE_OF_LEARNING, total_steps=STEPS)
    for _ in range(STEPS):
        some = torch.from_numpy(rng.choice(len(kinds), BATCH))
        curve = functional.interpolate(
            torch.randn(BATCH, 1, 5) * 0.25, BANDS, mode="linear", align_corners=True
        )
        said = head(bands[some].float() + curve.transpose(1, 2), heard[some].float(), contours[some].float())
        loss = functional.cross_entropy(said, kinds[some], label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    print(f"detector: loss {loss.item():.3f}", flush=True)
    return head.eval()


@torch.no_grad()
def _seen(encoder: Encoder, front: LogMel, contours: Contours, one: Scene) -> tuple[Tensor, Tensor, Tensor]:
    """Bands, what the encoder makes of them, and contours, as half floats."""
    sound = torch.from_numpy(one.sound)[None]
    bands, heard, rows, _ = heard_of(front, encoder, contours, sound, torch.tensor([sound.shape[1]]))
    return bands.half(), heard.half(), rows.half()


Events = Sequence[Sequence[tuple[float, float]]]
"""(begin, end) of each event of each recording."""


def event_f1(found: Events, real: Events) -> tuple[float, float, float]:
    """Precision, recall and F1 of events, which agree where they share half of what both cover; each counts once."""
    right = 0
    for said, true in zip(found, real, strict=True):
        free = list(true)
        for begin, end in said:
            for k, (b, e) in enumerate(free):
                both = min(end, e) - max(begin, b)
                if both > 0 and both / (max(end, e) - min(begin, b)) >= 0.5:
                    right += 1
                    del free[k]
                    break
    precision = right / max(1, sum(map(len, found)))
    recall = right / max(1, sum(map(len, real)))
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def trials(work: Path, seconds: float, times: int, development: bool, things: float = 0.0) -> Iterator[Scene]:
    """Scenes of speakers that nothing was learned from, each with bursts."""
    rng = np.random.default_rng(3 if development else 4)
    bursts, speech = load(work, "emogator"), load(work, "librispeech")
    persons = bursts.of(DEVELOPMENT if development else TEST)
    spoken = readers(work)[1 if development else 2]
    for _ in range(times):
        yield scene(at_random(bursts, persons, rng), at_random(speech, spoken, rng), seconds, rng, things)
