"""Which language a text is in: English must not be taken for another."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.engines import Engines
from mien.segments import SURE_OF_LANGUAGE
from mien.settings import Settings
from training.langid.sentences import sentences


@pytest.fixture(scope="module")
def detector(tmp_path_factory):
    return Engines(Settings(home=tmp_path_factory.mktemp("home"))).language_detector


def is_refused(detector, text):
    """Whether a reader of English would refuse it."""
    tag, sure = detector.language(text)
    return tag != "en" and sure >= SURE_OF_LANGUAGE


@pytest.mark.parametrize("language", sorted({one.language for one in sentences()}))
def test_a_sentence_of_another_language_is_known(language, detector):
    for one in sentences():
        if one.language == language:
            tag, sure = detector.language(one.text)
            assert tag == language
            assert sure >= SURE_OF_LANGUAGE


@pytest.mark.parametrize(("words", "share"), [(2, 0.5), (3, 0.8), (4, 0.95), (5, 1), (10, 1), (20, 1)])
def test_few_words_are_enough(words, share, detector):
    begun = [one.begin(words) for one in sentences()]

    assert sum(is_refused(detector, text) for text in begun) >= share * len(begun)


@pytest.mark.parametrize(
    "text",
    [
        *("lol", "omg wtf", "ngl dis slaps fr fr no cap", "u r so kewl", "hahahaha", "jajajaja", "gg ez"),
        *("teh qick brwon fox jmups oevr", "recieve definately seperate", "YESSSSSS", "asdfghjkl"),
        *("José García", "Jürgen Müller", "Zlatan Ibrahimović", "Giuseppe Verdi", "Deutsche Bank AG"),
        *("Schwarzenegger", "The Smiths, Björk, Sigur Rós", "Los Angeles Lakers", "Volkswagen Golf GTI"),
        *("bon appétit", "El Niño", "La La Land", "Los Angeles"),
        *("@some_user #MAGA", "https://www.example.com/de/willkommen", "N/A", "S P O I L E R ! !"),
        *("I ❤️ you 😂😂", "🎉🎉🎉", "¯\\_(ツ)_/¯", "ಠ_ಠ", "123 456", "", " \n", "\x00", "\ud800"),
        *("I love 東京", "My name is Иван and I live in London", "Δx = 5 μm", "π", "好"),
        *("𝓗𝓮𝓵𝓵𝓸 𝔀𝓸𝓻𝓵𝓭 my friends", "ＨＥＬＬＯ ＷＯＲＬＤ"),
        *("I love BTS 방탄소년단 so much", "The Greek word is φιλοσοφία", "Thank you ありがとう so much"),
        *("My friend Дмитрий Иванов is visiting", "It says 今日はいい天気ですね on the sign"),
        *("no no no no no", "ok ok ok ok ok ok", "ha ha ha ha ha", "bye bye bye bye bye"),
        "Look at this https://www.spiegel.de/politik/deutschland/artikel-ueber-die-regierung",
        "Gonna grab some tacos al pastor w/ José & María in Guadalajara",
        "Dr. Schmidt-Rottluff, Prof. von Weizsäcker and Frau Müller attended",
    ],
)
def test_slang_names_typos_and_pictures_are_no_other_language(text, detector):
    assert not is_refused(detector, text)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("Да", {"ru", "bg", "sr", "mk", "uk"}),
        ("你好", {"zh"}),
        ("ありがとう", {"ja"}),
        ("안녕", {"ko"}),
        ("مرحبا", {"ar", "fa", "ur"}),
        ("नमस्ते", {"hi", "ne", "mr"}),
        ("สวัสดี", {"th"}),
        ("שלום", {"he"}),
        ("Γεια", {"el"}),
    ],
)
def test_a_few_letters_of_another_script_are_enough(text, tags, detector):
    tag, sure = detector.language(text)

    assert tag in tags
    assert sure >= SURE_OF_LANGUAGE


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("ICH HABE KEINE AHNUNG WAS DU WILLST", "de"),
        ("Jeg vet ikkje kva eg skal seie, men eg er veldig glad i deg.", "no"),
        ("我唔知佢哋喺邊度，你話畀我聽啦。", "zh"),
    ],
)
def test_tags_are_those_of_the_api(text, tag, detector):
    assert detector.language(text)[0] == tag


def test_english_is_known_the_surer_the_longer(detector):
    short, long = (detector.language(text) for text in ("I see.", "I can't believe you did this for me!"))

    assert short[0] == long[0] == "en"
    assert long[1] > short[1] > 0.5


@given(text=st.text())
def test_any_text_has_an_answer(text, detector):
    tag, sure = detector.language(text)

    assert tag
    assert 0 <= sure <= 1


def test_english_texts_are_not_refused(shared, detector):
    texts = []
    for name in ("texts53", "written53"):
        with (shared / "data" / "ratings" / f"{name}.tsv").open(newline="") as file:
            texts += [row["text"] for row in csv.DictReader(file, delimiter="\t")]
    refused = [text for text in texts if is_refused(detector, text)]

    assert len(refused) < 0.001 * len(texts), refused
