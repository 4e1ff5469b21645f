"""Names made up of words that are tagged by hand."""

import re
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mien.engines.names import Word, entities, given_each_other


def tagged(text, tags):
    """The words of a text, as networks part them, with a tag each: O, or B or I with the kind.
    Marks are left out, as the vocabulary leaves them."""
    parts = re.finditer(r"[^\W_]+|[^\w\s\u0300-\u036f]|_", text)
    return [
        Word(*part.span(), kind=tag[2:], begins=tag.startswith("B"), sure=0.9)
        for part, tag in zip(parts, tags.split(), strict=True)
    ]


def found(text, tags):
    names = list(entities(text, tagged(text, tags)))
    for name in names:
        assert text[int(name.position.begin) : int(name.position.end)] == name.text
        assert name.confidence == pytest.approx(0.9)
    return [name.text for name in names]


@pytest.mark.parametrize(
    ("text", "tags", "names"),
    [
        ("to New York City today", "O B-L I-L B-L O", ["New York City"]),
        ("New York Yankees", "B-L I-L B-O", ["New York", "Yankees"]),
        ("Paris, Texas", "B-L O B-L", ["Paris", "Texas"]),
        ("Paris, Texas", "B-L I-L I-L", ["Paris, Texas"]),
        ("London\nParis\nRome", "B-L B-L B-L", ["London", "Paris", "Rome"]),
        ("London\r\n- Paris\nRome", "B-L O I-L I-L", ["London", "Paris", "Rome"]),
        ("Apple\tGoogle", "B-O I-O", ["Apple", "Google"]),
        ("He saw New\nYork", "O O B-L I-L", ["New\nYork"]),
        ("New York", "I-L I-L", ["New York"]),
        ("nothing here", "O O", []),
    ],
)
def test_neighbours_of_one_kind_are_one_name(text, tags, names):
    assert found(text, tags) == names


@pytest.mark.parametrize(
    ("text", "tags", "names"),
    [
        ("Tesla and Apple", "B-O I-O B-P", ["Tesla", "Apple"]),
        ("at Oxford, in", "B-L I-L I-L I-L", ["Oxford"]),
        ("the University of Oxford", "B-O I-O I-O I-O", ["University of Oxford"]),
        ("The Who", "B-O I-O", ["The Who"]),
        ("Vitamin A", "B-P I-P", ["Vitamin A"]),
        ("and of the", "B-O I-O I-O", []),
        ("- !", "B-O I-O", []),
        ('("Nature")', "B-W I-W I-W I-W I-W", ["Nature"]),
        ("Nature (journal)", "B-W I-W I-W I-W", ["Nature (journal)"]),
        ("McDonald's.", "B-O I-O I-O I-O", ["McDonald's"]),
        ("Elon Musk's", "B-P I-P I-P I-P", ["Elon Musk's"]),
        ("the Beatles'", "O B-O I-O", ["Beatles"]),
        ("Acme Inc. fell", "B-O I-O I-O O", ["Acme Inc."]),
        ("Washington, D.C. now", "B-L I-L I-L I-L I-L I-L O", ["Washington, D.C."]),
        ("I code C# now", "O O B-P I-P O", ["C#"]),
    ],
)
def test_a_name_neither_begins_nor_ends_with_what_is_no_part_of_it(text, tags, names):
    assert found(text, tags) == names


@pytest.mark.parametrize(
    ("text", "tags", "names"),
    [
        ("ask @anna_k_ now", "O B-P I-P O O O O", ["@anna_k_"]),
        ("ask @anna now", "O O B-P O", ["@anna"]),
        ("ask @anna now", "O B-P I-P O", ["@anna"]),
        ("ask @anna now", "O B-P O O", []),
        ("Tom @anna @ben", "B-P I-P B-P I-P I-P", ["Tom", "@anna", "@ben"]),
        ("Bulls @ Lakers", "B-O O B-O", ["Bulls", "Lakers"]),
        ("a@b", "O B-P B-P", ["b"]),
    ],
)
def test_an_at_sign_goes_with_the_name_after_it(text, tags, names):
    assert found(text, tags) == names


@pytest.mark.parametrize(
    ("text", "tags", "names"),
    [
        ("Tom <tom.day@acme.co.uk> left", "B-P O B-P I-P I-P O B-O I-O I-O I-O I-O O O", ["Tom"]),
        ("see https://acme.com/tom Tom", "O O O O O B-O I-O I-O O B-P B-P", ["Tom"]),
        ("at www.acme.com", "O B-O I-O I-O I-O I-O", []),
        ("on Acme.com", "O B-O I-O I-O", ["Acme.com"]),
    ],
)
def test_addresses_name_nobody(text, tags, names):
    assert found(text, tags) == names


def test_marks_go_with_the_letter_before_them():
    assert found("Cafe\u0301 Zoe\u0308 in", "B-L I-L O") == ["Cafe\u0301 Zoe\u0308"]


# ── words in view of each other

TAGS = 3
CHAIN = arrays(np.float32, (TAGS, TAGS), elements=st.floats(-4, 4, width=32))


def shares(words):
    return arrays(np.float32, (words, TAGS), elements=st.floats(0.125, 1, width=32)).map(
        lambda rows: rows / rows.sum(1, keepdims=True)
    )


def every_way(alone, follows):
    """The same by going through all the ways in which words may be tagged."""
    likely = np.zeros(alone.shape)
    for tags in product(range(TAGS), repeat=len(alone)):
        weight = np.prod(alone[range(len(tags)), tags]) * np.exp(
            sum(follows[one, other] for one, other in zip((0, *tags), (*tags, 0), strict=True))
        )
        likely[range(len(tags)), tags] += weight
    return likely / likely.sum(1, keepdims=True)


@given(st.lists(st.integers(0, 5).flatmap(shares), max_size=4), CHAIN)
def test_words_are_what_all_ways_to_tag_them_say(texts, follows):
    found = given_each_other(texts, follows)

    assert [table.shape for table in found] == [text.shape for text in texts]
    for table, text in zip(found, texts, strict=True):
        assert table == pytest.approx(every_way(text, follows), abs=1e-4)


def test_what_comes_before_decides_where_a_word_may_be_either():
    likes_to_go_on = np.array([[0, 0, 0], [0, 3, -3], [0, -3, 3]], np.float32)
    sure_then_unsure = np.array([[0.02, 0.96, 0.02], [0.1, 0.4, 0.5]], np.float32)

    (found,) = given_each_other([sure_then_unsure], likes_to_go_on)

    assert found.argmax(1).tolist() == [1, 1]


def test_what_is_impossible_for_a_word_does_no_harm():
    (found,) = given_each_other([np.eye(3, dtype=np.float32)], np.full((3, 3), -80, np.float32))

    assert found == pytest.approx(np.eye(3), abs=1e-4)
