"""Texts in other languages: the real loading code, on a tiny classifier in the real form."""

import json
import os

import numpy as np
import pytest

from mien.engines import Engines
from mien.engines.multilingual import EKMAN, GOEMOTIONS
from mien.errors import EngineError, EngineMissing
from mien.labels import SENTIMENT, SPOKEN_EXPRESSIONS
from mien.settings import Settings
from mien.types import Interval, Passage
from mien.weights import COMPLETE
from tests.engines.tiny_classifier import write

SURE = 40.0
WORDS = {
    "danke": {"gratitude": SURE},
    "schön": {"joy": SURE},
    "leider": {"sadness": SURE},
    "Tisch": {"neutral": SURE},
    "egal": {},
}


def reader(home, **model):
    write(home / "weights" / "multilingual-a--b", **({"words": WORDS, "labels": list(GOEMOTIONS)} | model))
    return Engines(Settings(home=home)).multilingual_reader


def passage(text, *words):
    pieces = tuple(Passage(position=Interval(0, len(word)), text=word) for word in words)
    return Passage(position=Interval(0, len(text)), text=text, words=pieces)


def expressions(reader, *texts):
    """The scores of each text by name."""
    read = reader.read_texts([passage(text) for text in texts])
    return [dict(zip(SPOKEN_EXPRESSIONS, one.scores.expressions[0], strict=True)) for one in read]


def test_labels_become_the_shares_of_raters_who_say_each_name(tmp_path):
    (scores,) = expressions(reader(tmp_path), "danke")

    assert scores["Gratitude"] == pytest.approx(0.48)
    assert scores["Joy"] == pytest.approx(0.09)
    assert scores["Nostalgia"] == 0


def test_labels_that_do_not_exclude_each_other_add_up(tmp_path):
    one, other, both = expressions(reader(tmp_path), "danke", "schön", "danke schön")

    assert both["Joy"] == pytest.approx(one["Joy"] + other["Joy"], abs=1e-5)


def test_labels_that_exclude_each_other_share_one_text(tmp_path):
    classifier = reader(tmp_path, problem_type=None)
    one, other, both = expressions(classifier, "danke", "schön", "danke schön")

    assert both["Joy"] == pytest.approx((one["Joy"] + other["Joy"]) / 2, abs=1e-5)


def test_neutral_texts_score_low_everywhere(tmp_path):
    (scores,) = expressions(reader(tmp_path), "Tisch")

    assert max(scores.values()) < 0.01


def test_a_text_scores_the_same_alone_and_beside_others(tmp_path):
    classifier = reader(tmp_path)
    texts = ["danke", "schön egal egal egal egal egal", "leider egal", "egal"]

    together = expressions(classifier, *texts)

    for text, scores in zip(texts, together, strict=True):
        (alone,) = expressions(classifier, text)
        assert scores == pytest.approx(alone, abs=1e-6)


def test_a_long_text_scores_the_mean_of_its_parts(tmp_path):
    classifier = reader(tmp_path, places=34)  # thirty words and two signs

    long, one = expressions(classifier, " ".join(["danke"] + ["egal"] * 59), "danke")

    assert long["Gratitude"] == pytest.approx(one["Gratitude"] / 2, abs=1e-5)


def test_words_have_the_scores_of_their_passage(tmp_path):
    (read,) = reader(tmp_path).read_texts([passage("danke schön", "danke", "schön")])

    assert read.scores.expressions.shape == (3, 53)
    assert (read.scores.expressions == read.scores.expressions[0]).all()
    assert read.scores.sentiment.shape == (3, 9)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("danke schön", range(7, 10)),
        ("leider", range(1, 5)),
        ("Tisch", range(4, 7)),
        ("egal", range(4, 7)),
        ("leider danke", range(3, 8)),
    ],
)
def test_sentiment_is_a_distribution_about_the_valence_of_the_labels(text, steps, tmp_path):
    (read,) = reader(tmp_path).read_texts([passage(text)])
    sentiment = read.scores.sentiment[0]

    assert sentiment.sum() == pytest.approx(1, abs=1e-5)
    assert sentiment @ np.arange(1, len(SENTIMENT) + 1) == pytest.approx(np.mean(list(steps)), abs=1.1)


def test_what_it_does_not_read_is_left_out_and_said(tmp_path):
    classifier = reader(tmp_path)
    (read,) = classifier.read_texts([passage("danke")])

    assert read.scores.toxicity is None
    assert read.find_entities() == ()
    assert "40 of 53" in classifier.caveat
    assert "toxicity" in classifier.caveat


@pytest.mark.parametrize(
    ("label", "says"),
    [("joy", "Joy"), ("Happiness", "Joy"), ("ANGER", "Annoyance"), ("fear", "Anxiety")],
)
def test_the_six_of_ekman_are_translated_too(label, says, tmp_path):
    (scores,) = expressions(reader(tmp_path, words={"ah": {label: SURE}}, labels=[label, "neutral"]), "ah")

    assert scores[says] == max(scores.values())


def test_labels_that_nobody_can_translate_are_refused(tmp_path):
    with pytest.raises(EngineError, match="label_1, stars"):
        reader(tmp_path, words={}, labels=["joy", "stars", "LABEL_1"])


def test_a_label_means_more_where_there_are_no_narrower_ones():
    assert "Annoyance 22" in EKMAN["anger"]
    assert EKMAN.keys() < GOEMOTIONS.keys()


@pytest.mark.parametrize("table", [EKMAN, GOEMOTIONS])
def test_the_tables_name_expressions_and_shares(table):
    for shares in table.values():
        for one in filter(None, shares.split(", ")):
            name, _, share = one.rpartition(" ")
            assert name in SPOKEN_EXPRESSIONS
            assert 0 < int(share) <= 100


def test_a_network_that_asks_for_kinds_of_token_gets_them(tmp_path):
    classifier = reader(tmp_path, inputs=("input_ids", "attention_mask", "token_type_ids"))

    assert expressions(classifier, "danke")[0]["Gratitude"] == pytest.approx(0.48)


def test_a_network_that_takes_something_else_is_refused(tmp_path):
    with pytest.raises(EngineError, match="pixel_values"):
        reader(tmp_path, inputs=("input_ids", "attention_mask", "pixel_values"))


def test_what_was_pulled_last_is_used(tmp_path):
    for name, age in ("new", 0), ("old", 1000):
        folder = write(tmp_path / "weights" / f"multilingual-a--{name}", WORDS, list(GOEMOTIONS))
        at = (folder / COMPLETE).stat().st_mtime - age
        os.utime(folder / COMPLETE, (at, at))

    assert "a--new" in Engines(Settings(home=tmp_path)).multilingual_reader.label


def test_without_a_pulled_classifier_it_is_missing(tmp_path):
    assert Engines(Settings(home=tmp_path)).chosen()["multilingual_reader"] == ""
    with pytest.raises(EngineMissing, match="models pull"):
        assert Engines(Settings(home=tmp_path, multilingual_reader="multilingual")).multilingual_reader


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "onnx/model.onnx", COMPLETE])
@pytest.mark.parametrize("content", [b"", b"[]"], ids=["empty", "strange"])
def test_a_damaged_classifier_breaks_the_engine(name, content, tmp_path):
    folder = write(tmp_path / "weights" / "multilingual-a--b", WORDS, list(GOEMOTIONS))
    (folder / name).write_bytes(content)

    with pytest.raises(EngineError, match=r"multilingual-a--b|model\.onnx"):
        assert Engines(Settings(home=tmp_path)).multilingual_reader


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "onnx/model.onnx"])
def test_a_classifier_without_one_of_its_files_breaks_the_engine(name, tmp_path):
    folder = write(tmp_path / "weights" / "multilingual-a--b", WORDS, list(GOEMOTIONS))
    (folder / name).unlink()

    with pytest.raises(EngineError):
        assert Engines(Settings(home=tmp_path)).multilingual_reader


def test_a_config_whose_labels_are_not_those_of_the_network_is_refused(tmp_path):
    folder = write(tmp_path / "weights" / "multilingual-a--b", WORDS, list(GOEMOTIONS))
    config = json.loads((folder / "config.json").read_text())
    config["id2label"] = {"0": "joy", "1": "anger"}
    (folder / "config.json").write_text(json.dumps(config))

    with pytest.raises(EngineError, match="2 labels"):
        assert Engines(Settings(home=tmp_path)).multilingual_reader


def test_a_tokenizer_that_is_not_the_networks_breaks_the_engine(tmp_path):
    more = write(tmp_path / "other", WORDS | {"fremd": {}}, list(GOEMOTIONS))
    classifier = reader(tmp_path, words=WORDS)
    (more / "tokenizer.json").replace(tmp_path / "weights" / "multilingual-a--b" / "tokenizer.json")
    broken = Engines(Settings(home=tmp_path)).multilingual_reader

    assert classifier.read_texts([passage("fremd")])
    with pytest.raises(EngineError, match="failed"):
        broken.read_texts([passage("fremd")])
