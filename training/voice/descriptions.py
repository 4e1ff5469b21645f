"""How people name a burst: 67 kinds of call and ways to spell them, from what can be learned of them.

Nobody rated bursts on these names. Each is put together from up to three sources, each of unit variance
over EmoGator's training speakers: kinds of sound of AudioSet as the teacher hears them (*sound*), what
was meant by those who made such a burst (*meant*), and how it is formed (*form*): its length, its
syllables, how open the mouth is and how far in front the tongue. The scores therefore order the
names, and bursts by a name; how high they are rests on no raters.
"""

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.voice.data import EMOGATOR

Floats = NDArray[np.float64]

SPREAD, USUAL = 1.7, -2.6
"""Of a name's logits: a burst two deviations above the mean scores .69, a usual one .07."""

FORMS = ("long", "syllables", "hissing", "closed", "open", "front", "abrupt")

SOURCES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "Ah": ((), ("Realization", "Surprise (Positive)"), ("open", "-long")),
    "Aha": ((), ("Realization",), ("open", "syllables")),
    "Ahh": ((), ("Relief", "Contentment"), ("open", "long")),
    "Argh": (("Groan", "Growling"), ("Anger", "Distress"), ("open",)),
    "Aww": ((), ("Adoration", "Sympathy"), ("long", "-front")),
    "Cackle": (("Belly laugh", "Laughter"), (), ("front", "syllables")),
    "Cheer": (("Cheering", "Whoop"), ("Triumph", "Elation"), ()),
    "Chuckle": (("Chuckle, chortle",), (), ("-open",)),
    "Cry": (("Crying, sobbing",), ("Sadness",), ()),
    "Eek": (("Screaming",), ("Fear",), ("front", "-long")),
    "Eww": ((), ("Disgust",), ("front", "long")),
    "Gasp": (("Gasp", "Breathing"), ("Surprise (Negative)", "Fear"), ("abrupt", "hissing")),
    "Giggle": (("Giggle",), ("Amusement",), ("front",)),
    "Groan": (("Groan",), ("Pain",), ("long",)),
    "Growl": (("Growling", "Roar"), ("Anger",), ("-front",)),
    "Grr": (("Growling",), ("Anger",), ("closed",)),
    "Grunt": (("Grunt",), (), ("-long",)),
    "Ha": (("Laughter",), ("Contempt", "Triumph"), ("open", "-syllables")),
    "Hah": (("Laughter", "Gasp"), ("Contempt",), ("open", "-syllables", "hissing")),
    "Haha": (("Laughter",), ("Amusement",), ("open", "syllables")),
    "Hehe": (("Giggle", "Snicker"), ("Amusement",), ("-open", "syllables")),
    "Hiss": (("Hiss",), (), ("hissing", "-open")),
    "Hmm": (("Humming",), ("Confusion", "Interest"), ("closed",)),
    "Hoot": (("Whoop",), ("Triumph", "Elation"), ("-front", "closed")),
    "Howl": (("Howl", "Wail, moan"), (), ("long", "-front")),
    "Huh": ((), ("Confusion", "Surprise (Negative)"), ("-long", "open")),
    "Hurray": (("Cheering",), ("Triumph", "Elation"), ("syllables",)),
    "Laugh": (("Laughter",), ("Amusement",), ()),
    "Mhm": (("Humming",), ("Interest", "Realization"), ("closed", "syllables")),
    "Mmm": (("Humming",), ("Desire", "Contentment"), ("closed", "long")),
    "Moan": (("Wail, moan", "Groan"), ("Ecstasy", "Desire"), ("long",)),
    "Oh": ((), ("Realization", "Surprise (Negative)"), ("-front", "-long")),
    "Ohh": ((), ("Awe", "Disappointment"), ("-front", "long")),
    "Ooh": ((), ("Interest", "Desire", "Awe"), ("-front", "-open")),
    "Ooph": (("Grunt",), ("Pain",), ("-front", "abrupt")),
    "Ouch": ((), ("Pain",), ("open", "abrupt", "hissing")),
    "Oww": ((), ("Pain",), ("open", "long")),
    "Pant": (("Pant", "Breathing"), (), ("hissing", "syllables")),
    "Pff": (("Snort", "Breathing"), ("Contempt",), ("hissing", "-open")),
    "Phew": (("Sigh", "Breathing"), ("Relief",), ("hissing",)),
    "Roar": (("Roar", "Bellow"), ("Anger", "Triumph"), ("open", "long")),
    "Scream": (("Screaming",), ("Fear",), ("open",)),
    "Screech": (("Screaming", "Squeal"), (), ("front", "hissing")),
    "Shout": (("Shout", "Yell"), ("Anger",), ("open",)),
    "Shriek": (("Screaming",), ("Fear", "Surprise (Negative)"), ("front", "abrupt")),
    "Sigh": (("Sigh", "Breathing"), ("Relief", "Disappointment"), ("hissing", "long")),
    "Snicker": (("Snicker",), ("Contempt", "Amusement"), ("hissing",)),
    "Snort": (("Snort",), (), ("abrupt",)),
    "Sob": (("Crying, sobbing", "Whimper"), ("Sadness",), ("syllables",)),
    "Squeal": (("Screaming", "Squeal"), ("Elation", "Surprise (Positive)"), ("front", "long")),
    "Tsk": (("Tick", "Finger snapping"), ("Disappointment", "Contempt"), ("abrupt", "hissing")),
    "Ugh": (("Groan",), ("Disgust", "Disappointment"), ("-front",)),
    "Uh": (("Grunt",), ("Confusion", "Neutral"), ("-long", "-front")),
    "Uh-huh": ((), ("Interest", "Realization"), ("syllables", "-open")),
    "Umm": (("Humming",), ("Confusion", "Embarrassment"), ("closed", "-front")),
    "Wail": (("Wail, moan", "Crying, sobbing"), ("Sadness", "Distress"), ("open", "long")),
    "Whee": (("Whoop",), ("Elation", "Ecstasy"), ("front", "long")),
    "Wheep": (("Whistling", "Squeak"), (), ("front", "-long")),
    "Whew": (("Sigh",), ("Relief",), ("-front", "hissing")),
    "Whimper": (("Whimper",), ("Sadness", "Fear"), ("closed",)),
    "Woah": ((), ("Awe", "Surprise (Negative)"), ("long", "-front")),
    "Wow": ((), ("Awe", "Surprise (Positive)"), ("open",)),
    "Yawn": (("Sigh", "Wail, moan"), (), ("open", "long", "hissing")),
    "Yay": (("Whoop",), ("Elation", "Triumph"), ("front",)),
    "Yelp": (("Yip", "Screaming"), ("Pain", "Fear"), ("abrupt", "-long")),
    "Yippee": (("Whoop", "Cheering"), ("Elation",), ("front", "syllables")),
    "Yuck": ((), ("Disgust",), ("abrupt", "-long")),
}
"""Of each name: kinds of sound, what was meant, and how it is formed; a form with a minus is its opposite."""


def kinds_of_sound(classes: Path) -> dict[str, int]:
    """The number of each AudioSet class by its name, from the list that comes with YAMNet."""
    with classes.open(newline="", encoding="utf-8") as file:
        return {row["display_name"]: int(row["index"]) for row in csv.DictReader(file)}


def forms(bands: NDArray[np.float32]) -> Floats:
    """(recordings, 7) of logarithms of power (recordings, frames, 64), in the order of `FORMS`."""
    power = np.exp(bands.astype(np.float32))
    envelope = np.log(power.sum(2) + 1e-6)
    loud = envelope > envelope.max(1, keepdims=True) - 5
    spectrum = np.log((power * loud[:, :, None]).sum(1) / loud.sum(1)[:, None] + 1e-6)

    def between(low: float, high: float) -> Floats:
        mel = np.linspace(*(2595 * np.log10(1 + np.array([50.0, 7800.0]) / 700)), 66)[1:-1]
        hertz = 700 * (10 ** (mel / 2595) - 1)
        inside: Floats = spectrum[:, (hertz >= low) & (hertz < high)].mean(1)
        return inside

    swing = np.abs(np.fft.rfft((envelope - envelope.mean(1, keepdims=True)) * np.hanning(envelope.shape[1])))
    hertz = np.fft.rfftfreq(envelope.shape[1], 0.01)
    return np.stack(
        [
            np.log(loud.sum(1)),
            np.log(swing[:, (hertz >= 2.5) & (hertz < 8)].mean(1) / swing[:, hertz < 2.5].mean(1)),
            between(3500, 8000) - between(100, 1500),
            between(100, 450) - between(600, 2500),
            between(650, 1300) - between(200, 500),
            between(1800, 3200) - between(700, 1500),
            np.diff(envelope, axis=1).max(1),
        ],
        axis=1,
    ).astype(np.float64)


def targets(
    teacher: Floats, meant: Floats, formed: Floats, classes: dict[str, int]
) -> dict[str, dict[str, Floats]]:
    """Of each name, by source, what its score rests on: (recordings,) each, of unit variance.

    `teacher`: logits of kinds of sound (recordings, 521); `meant`: logits of intended expressions
    (recordings, 30); `formed`: as `forms` gives them.
    """
    scaled = (formed - formed.mean(0)) / formed.std(0)
    found: dict[str, dict[str, Floats]] = {}
    for name, (sounds, meanings, shapes) in SOURCES.items():
        parts = {
            "sound": [teacher[:, classes[one]] for one in sounds],
            "meant": [meant[:, EMOGATOR.index(one)] for one in meanings],
            "form": [
                scaled[:, FORMS.index(one.removeprefix("-"))] * (-1 if one.startswith("-") else 1)
                for one in shapes
            ],
        }
        found[name] = {source: _unit(np.mean(rows, axis=0)) for source, rows in parts.items() if rows}
    return found


def _unit(row: Floats) -> Floats:
    return (row - row.mean()) / (row.std() + 1e-9)
