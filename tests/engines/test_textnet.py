"""The language network as it is shipped."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mien.engines import textnet
from mien.engines.names import entities
from mien.engines.textnet import BLOCK, OVERLAP, TAGS, WINDOW, TextNet, text_reader
from mien.errors import EngineError, EngineMissing
from mien.labels import SENTIMENT, SPOKEN_EXPRESSIONS, TOXICITY
from mien.media.decode import text_media
from mien.segments import Reading
from mien.segments.passages import Passages
from mien.settings import Settings
from mien.types import Interval, Passage
from mien.weights import network


@pytest.fixture(scope="module")
def reader():
    return text_reader(Settings(threads=1))


def passage(text):
    return Passage(position=Interval(0, len(text)), text=text)


def read(reader, *texts):
    return reader.read_texts([passage(text) for text in texts])


def scores(reader, text, table="expressions", names=SPOKEN_EXPRESSIONS):
    (found,) = read(reader, text)
    return dict(zip(names, getattr(found.scores, table)[0].tolist(), strict=True))


def top(reader, text, count=3):
    found = scores(reader, text)
    return sorted(found, key=found.get, reverse=True)[:count]


def valence(reader, text):
    """The mean of the sentiment: 1 most negative, 9 most positive."""
    (found,) = read(reader, text)
    return float(found.scores.sentiment[0] @ np.arange(1, 10))


class Alone:
    """Engines of which the language network alone is asked."""

    def __init__(self, reader):
        self.text_reader = reader
        self.language_detector = self

    def language(self, text):
        return "en", 1.0


def sentences(reader, text):
    """The sentences of a text, and what is read of each."""
    found = list(Passages("sentence").segments(Reading(text_media(text, "0"), Alone(reader), None)))
    return list(zip(found, reader.read_texts(found), strict=True))


# ── what a person would say


@pytest.mark.parametrize(
    ("text", "one_of"),
    [
        ("I can't believe you did this for me!", {"Gratitude", "Surprise (positive)", "Joy"}),
        ("Oh great, another meeting.", {"Annoyance", "Sarcasm", "Boredom"}),
        ("The smell of chalk takes me straight back.", {"Nostalgia"}),
        ("I'm so sorry for your loss.", {"Sympathy", "Sadness"}),
        ("He left me and I can't stop crying.", {"Sadness", "Distress", "Pain"}),
        ("There's something moving in the dark behind you.", {"Fear", "Horror", "Anxiety"}),
        ("You absolute idiot, you ruined everything!", {"Anger", "Annoyance", "Contempt"}),
        ("We did it! We actually won!", {"Triumph", "Joy", "Excitement"}),
        ("I haven't slept in two days.", {"Tiredness"}),
        ("I wonder how bees find their way home.", {"Interest", "Contemplation"}),
        ("Wait, which form do you mean? I don't follow.", {"Confusion"}),
        ("This milk has gone off, it smells revolting.", {"Disgust"}),
        ("ur the best thx!!", {"Gratitude", "Admiration", "Adoration", "Joy"}),
        ("thank god the results came back clear", {"Relief", "Gratitude"}),
    ],
)
def test_what_a_text_expresses_is_what_a_person_would_say(reader, text, one_of):
    assert one_of & set(top(reader, text))


@pytest.mark.parametrize(
    "text",
    ["The package arrived on Tuesday.", "The meeting room is on the second floor.", "It is made of steel."],
)
def test_plain_facts_score_low_everywhere(reader, text):
    assert max(scores(reader, text).values()) < 0.35


@pytest.mark.parametrize(
    ("name", "more", "less"),
    [
        pytest.param("Joy", "I am happy.", "I am not happy.", id="negation"),
        pytest.param("Fear", "I'm scared of the dog.", "I'm not scared of the dog.", id="negation"),
        pytest.param(
            "Sarcasm",
            "Oh, brilliant. My flight is cancelled again.",
            "My flight is cancelled again.",
            id="sarcasm",
        ),
        pytest.param("Anger", "WHAT THE HELL ARE YOU DOING", "What are you doing?", id="shouting"),
    ],
)
def test_small_changes_that_matter_matter(reader, name, more, less):
    assert scores(reader, more)[name] > 1.3 * scores(reader, less)[name]


def test_mixed_feelings_are_both_there(reader):
    found = scores(reader, "I am so happy for her and so jealous.")

    assert found["Joy"] > 0.2
    assert found["Envy"] > 0.2


def test_sentiment_is_a_distribution_and_follows_what_is_said(reader):
    (found,) = read(reader, "This is the best film I have ever seen.")

    assert found.scores.sentiment[0].sum() == pytest.approx(1, abs=1e-4)
    assert len(SENTIMENT) == found.scores.sentiment.shape[1]
    good, plain, bad = (
        valence(reader, text)
        for text in ("This film is wonderful.", "This film is from 1987.", "This film is awful.")
    )
    assert good > 6 > plain > 4 > bad


@pytest.mark.parametrize(
    ("ironic", "meant"),
    [
        ("Oh great, another meeting.", "Great, another lovely meeting with you all."),
        ("Oh wonderful, it broke again.", "It works again, wonderful."),
    ],
)
def test_praise_that_is_ironic_is_not_positive(reader, ironic, meant):
    assert valence(reader, ironic) < 5 < valence(reader, meant)


def test_insults_and_threats_are_told_from_anger(reader):
    insult = scores(reader, "You are a stupid piece of shit.", "toxicity", TOXICITY)
    threat = scores(reader, "I will find you and kill you.", "toxicity", TOXICITY)
    anger = scores(reader, "I am so angry that the train was late.", "toxicity", TOXICITY)

    assert insult["toxic"] > 0.7
    assert insult["insult"] > 0.4
    assert threat["threat"] > 3 * max(insult["threat"], anger["threat"])
    assert anger["toxic"] < insult["toxic"] - 0.2


def test_threats_are_told_from_what_only_sounds_violent(reader):
    """None of these stands in `training/language/threats.txt`."""
    threats = ["I will find you and kill you.", "Come here and I'll break your nose."]
    others = [
        "He was jailed for threatening to kill his neighbour.",
        "I could murder a plate of chips.",
        "That hill nearly killed me.",
    ]

    def threat(text):
        return scores(reader, text, "toxicity", TOXICITY)["threat"]

    # processors with 8-bit instructions round otherwise than those without: .48 or more than .5
    assert min(map(threat, threats)) > max(0.4, 2 * max(map(threat, others)))


# ── words


def test_a_word_is_read_within_its_sentence(reader):
    ((passage, found),) = sentences(reader, "I love this song but the concert was a horrible mess.")
    love = found.scores.expressions[1:, SPOKEN_EXPRESSIONS.index("Love")]
    said = dict(zip([word.text for word in passage.words], love.tolist(), strict=True))

    assert said["love"] > 1.2 * said["mess"]


def test_the_words_of_a_sentence_agree_with_it(reader):
    text = "Thank you so much for your help. I am furious about the delay! The shop opens at nine."
    for _, found in sentences(reader, text):
        whole, words = found.scores.expressions[0], found.scores.expressions[1:]
        assert np.corrcoef(whole, words.mean(0))[0, 1] > 0.8


# ── the same text, the same numbers


ODD = [
    "",
    " ",
    "😀",
    "🇩🇪👩‍👩‍👧",
    "e\u0301",
    "\u202eabc",
    "\x00\x01",
    "。",
    "!!!",
    "a" * 500,
    "ﷺ",
    "日本語",
    "שלום",
    "\ud83d",
]


@pytest.mark.parametrize("text", ODD, ids=ascii)
def test_what_is_no_english_still_gives_numbers(reader, text):
    (found,) = read(reader, text)

    for table in found.scores:
        assert np.isfinite(table).all()
        assert table.min() >= 0
        assert table.max() <= 1


@given(texts=st.lists(st.text(max_size=60), min_size=1, max_size=6))
@hypothesis_settings(max_examples=25)
def test_a_text_scores_the_same_alone_and_beside_others(reader, texts):
    for text, found in zip(texts, read(reader, *texts), strict=True):
        (alone,) = read(reader, text)
        np.testing.assert_allclose(alone.scores.expressions, found.scores.expressions, atol=ALIKE)
        assert [one.position for one in alone.find_entities()] == [
            one.position for one in found.find_entities()
        ]


ALIKE = 1e-4


def test_a_long_text_is_read_without_seams(reader):
    """From one line of a refrain to the next, words change where windows meet as they do elsewhere."""
    text = "The garden was quiet and the light was soft on the old stones. " * 30
    ((passage, found),) = sentences(reader, text.replace(".", ","))
    words = found.scores.expressions[1:]
    period = 12
    lines = words[: len(words) // period * period].reshape(-1, period, words.shape[1])
    steps = np.abs(np.diff(lines, axis=0)).max((1, 2))

    assert len(passage.words) > 2 * WINDOW > 2 * OVERLAP
    assert steps.max() < 1.5 * np.median(steps)


@given(st.text(alphabet="ab, .\n\tüß😀", min_size=BLOCK, max_size=BLOCK + 300))
@hypothesis_settings(max_examples=5)
def test_blocks_join_to_the_text(text):
    blocks = list(textnet._blocks(text * 3))

    assert "".join((text * 3)[begin:end] for begin, end in blocks) == text * 3
    assert max(end - begin for begin, end in blocks) <= BLOCK


@given(st.integers(0, 1000))
def test_windows_cover_every_token(tokens):
    windows = list(textnet._windows(tokens))

    assert windows[0][0] == 0
    assert windows[-1][1] == tokens
    for (_, end), (begin, _) in pairwise(windows):
        assert begin <= end - OVERLAP
    assert all(end - begin <= WINDOW for begin, end in windows)


# ── names


def found_names(reader, text):
    (found,) = read(reader, text)
    return [(one.text, one.kind) for one in found.find_entities()]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "Angela Merkel met Barack Obama in Berlin.",
            {"Angela Merkel": "PERSON", "Barack Obama": "PERSON", "Berlin": "LOCATION"},
        ),
        ("I work for Microsoft in Seattle.", {"Microsoft": "ORGANIZATION", "Seattle": "LOCATION"}),
        (
            "He moved from Paris to New York City last year.",
            {"Paris": "LOCATION", "New York City": "LOCATION"},
        ),
    ],
)
def test_names_are_found_whole_and_of_their_kind(reader, text, names):
    assert dict(found_names(reader, text)) == names


def test_words_are_named_by_their_first_tokens(reader):
    """Whatever the network says: what it could say is written down here."""
    text = "Cafe\u0301 Xylophonists in U.S."
    (tokens,) = reader._tokens([text])
    tags = np.zeros((len(tokens.ids), len(TAGS)), np.float32)
    tags[:, TAGS.index("O")] = 0.5
    first, second = np.flatnonzero(tokens.firsts)[:2]
    tags[first, [TAGS.index("B-GROUP"), TAGS.index("B-CORPORATION")]] = 0.3, 0.4
    tags[second, TAGS.index("B-GROUP")] = 0.9

    (found,) = entities(text, textnet._words(tokens, tags[tokens.firsts] @ textnet.SERVED_AS))

    assert not tokens.firsts[second + 1]
    assert (found.text, found.kind) == ("Cafe\u0301 Xylophonists", "ORGANIZATION")
    assert found.confidence == pytest.approx(0.8)


def test_plain_words_name_nothing(reader):
    assert found_names(reader, "we had a nice long walk and then some soup") == []


@given(text=st.text(max_size=80))
@hypothesis_settings(max_examples=25)
def test_a_name_stands_where_it_is_said_to(reader, text):
    for one in read(reader, text)[0].find_entities():
        begin, end = int(one.position.begin), int(one.position.end)
        assert text[begin:end] == one.text != ""
        assert 0 < one.confidence <= 1


# ── shapes, and what is not there


@pytest.mark.parametrize(
    ("word", "shape"),
    [
        ("why", textnet.LOWER),
        ("Apple", textnet.CAPITAL),
        ("I", textnet.CAPITAL),
        ("NATO", textnet.UPPER),
        ("iPhone", textnet.MIXED),
        ("1987", textnet.DIGITS),
        ("!", textnet.OTHER),
    ],
)
def test_the_shape_of_a_word(word, shape):
    assert textnet.shape(word) == shape


def test_a_network_must_say_how_tags_follow_each_other(tmp_path):
    model = onnx.load(network("language"))
    del model.metadata_props[:]
    onnx.save(model, tmp_path / "other.onnx")

    with pytest.raises(EngineError, match="how tags follow"):
        TextNet(tmp_path / "other.onnx", network("language").with_suffix(".vocabulary.json"), threads=1)


def test_another_network_is_refused():
    with pytest.raises(EngineError, match="not a language network"):
        TextNet(network("voice"), network("language").with_suffix(".vocabulary.json"), threads=1)


def test_a_damaged_vocabulary_is_said(tmp_path):
    (tmp_path / "words.json").write_text("{}")

    with pytest.raises(EngineError, match=r"words\.json"):
        TextNet(network("language"), tmp_path / "words.json", threads=1)


def test_an_installation_without_the_network_says_so(monkeypatch):
    monkeypatch.setattr(textnet, "network", lambda name: None)

    with pytest.raises(EngineMissing, match=r"language\.onnx"):
        text_reader(Settings())


def test_the_network_and_its_vocabulary_stay_small():
    paths = [network("language"), network("language").with_suffix(".vocabulary.json")]

    assert sum(Path(path).stat().st_size for path in paths) < 25_000_000
