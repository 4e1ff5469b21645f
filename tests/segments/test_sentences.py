"""Where sentences of a text end."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.segments.sentences import sentences


def cut(text):
    return [text[begin:end] for begin, end in sentences(text)]


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(["I met Dr. Smith at 5 p.m. on Jan. 3.", "Then I left."], id="abbreviations"),
        pytest.param(["It broke :( It was new.", "I cried.", "They fixed it :-) So happy."], id="emoticons"),
        pytest.param(['The 5" screen is good.', "I like it.", 'The 7" one is bad.'], id="inches"),
        pytest.param(["He is 5'10\".", "She left.", "I am 6'1\"."], id="feet"),
        pytest.param(["It was the '90s.", "I cried.", "It's the kids' fault.", "Done."], id="apostrophes"),
        pytest.param(['He said "no. 5" and left.', "Fine."], id="a quote that ends in a number"),
        pytest.param(["“It is over. I know.”", "He said “no” twice."], id="a quote"),
        pytest.param(
            ["She was kind to me.", "I had waited.", "No.", "I’m fine."], id="I, after what may be short"
        ),
        pytest.param(["He is from D.C.", "I'll ask.", "So did i.", "I think."], id="I, after initials"),
        pytest.param(
            ["I like some, e.g. I think yours.", "We met Mr. I am sure."], id="I, after what goes on"
        ),
        pytest.param(
            ["“Call me. I am home.”", "World War I.", "It was long."], id="I, in a quote or a number"
        ),
        pytest.param(["'Well. Yes.'", "He nodded.", "Don't go."], id="a quote between single marks"),
        pytest.param(["omg!!", "we won.", "why??", "What?!", "I lost."], id="several marks at once"),
        pytest.param(['"No!!" she said.', "He ran."], id="several marks in a quote"),
        pytest.param(["Hmm… maybe…", "That is it."], id="an ellipsis"),
        pytest.param(
            ["It costs approx. five dollars.", "I met Ms. White.", "I left."], id="what is shortened"
        ),
        pytest.param(["I like C# and .NET a lot.", "You too?"], id="a name that begins with a full stop"),
        pytest.param(["(Nobody knew.)", "It rained (a lot).", "[So what?]", "Well."], id="in brackets"),
        pytest.param(["*Wow.*", "He is in 5 *films.*", "**So what?**", "Well."], id="between stars"),
    ],
)
def test_signs_that_look_like_the_end_of_a_sentence_or_a_quote_are_told_from_such(found):
    assert cut(" ".join(found)) == found


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_remarks_of_a_line_each_are_sentences_of_their_own(end):
    remarks = ["Great phone", "Battery died", "- cheap", "3 stars"]

    assert cut(end.join(remarks)) == remarks


def test_a_sentence_goes_on_in_the_next_line_of_a_wrapped_text():
    wrapped = (
        "I went home that night by the old road and was very glad to see\nLondon again.\nnobody else was."
    )

    assert cut(wrapped) == [wrapped[: wrapped.index("\nnobody")], "nobody else was."]
    assert cut("we were so\nvery tired") == ["we were so\nvery tired"]


@given(st.text(st.sampled_from("aB1 .!?…\n\r\t:;()'\"’“”-5s,*"), max_size=120))
def test_sentences_are_in_order_and_leave_out_nothing_but_white_space(text):
    found = list(sentences(text))

    left, at = [], 0
    for begin, end in found:
        assert at <= begin < end <= len(text)
        assert text[begin:end] == text[begin:end].strip()
        left.append(text[at:begin])
        at = end
    assert not "".join([*left, text[at:]]).strip()


@pytest.mark.parametrize(
    "more", [" \n" * 20_000, "!" * 40_000 + "x", "*" * 40_000 + "x", "(" * 40_000, ". (" * 14_000]
)
def test_thousands_of_signs_take_no_time(more):
    begun = process_time()

    assert cut("Good" + more)[0].startswith("Good")

    assert process_time() - begun < 5
