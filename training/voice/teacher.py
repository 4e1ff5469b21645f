"""What YAMNet hears in EmoGator's bursts: 521 kinds of sound, of which AudioSet's people wrote down where they are.

    python -m training.voice.teacher --work WORK --yamnet yamnet.tflite

YAMNet (Apache-2.0) is a teacher at training time alone: its scores are one more thing that the encoder
learns, and what the descriptions of bursts are read from.
"""

import argparse
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from training.voice.data import Clips, load

PATCH, STEP = 15_600, 7_560
"""Samples that YAMNet takes, and from one look to the next: three looks at a clip of 1.92 s."""

SMALLEST = 1e-4
"""A score below is taken for it: what it is exactly says nothing."""


def logits(yamnet: Path, clips: Clips) -> NDArray[np.float16]:
    """(recordings, 2, 521): the mean over the looks at each, and the highest."""
    interpreter = Interpreter(str(yamnet), num_threads=1)
    interpreter.allocate_tensors()
    given = interpreter.get_input_details()[0]["index"]
    gives = interpreter.get_output_details()[0]["index"]
    found = []
    for index in range(len(clips)):
        sound = clips[index]
        sound = np.pad(sound, (0, max(0, PATCH - len(sound)))) / (np.abs(sound).max() + 1e-4) * 0.5
        looks = []
        for begin in range(0, len(sound) - PATCH + 1, STEP):
            interpreter.set_tensor(given, sound[None, begin : begin + PATCH].astype(np.float32))
            interpreter.invoke()
            score = np.clip(interpreter.get_tensor(gives)[0], SMALLEST, 1 - SMALLEST)
            looks.append(np.log(score / (1 - score)))
        found.append(np.stack([np.mean(looks, 0), np.max(looks, 0)]).astype(np.float16))
        if index % 1000 == 999:
            print(f"{index + 1} of {len(clips)}", flush=True)
    return np.array(found)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--yamnet", type=Path, required=True)
    wanted = parser.parse_args()
    np.save(wanted.work / "yamnet.npy", logits(wanted.yamnet, load(wanted.work, "emogator")))


if __name__ == "__main__":
    main()
