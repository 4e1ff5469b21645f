"""Texts that are measured together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.media.written import LOT, LOT_CHARACTERS, lots


@given(st.lists(st.sampled_from([0, 1, 100, LOT_CHARACTERS // 2, LOT_CHARACTERS, LOT_CHARACTERS + 1])))
def test_lots_hold_every_text_once_in_order_and_as_many_as_may_be(lengths):
    texts = ["x" * length for length in lengths]

    found = list(lots(texts))

    assert [text for lot in found for text in lot] == texts
    assert all(lot for lot in found)
    sizes = [sum(map(len, lot)) for lot in found]
    assert all(size <= LOT_CHARACTERS or len(lot) == 1 for size, lot in zip(sizes, found, strict=True))
    for size, following in zip(sizes, found[1:], strict=False):
        assert size + len(following[0]) > LOT_CHARACTERS


@pytest.mark.parametrize(("texts", "sizes"), [(0, []), (LOT, [LOT]), (2 * LOT + 1, [LOT, LOT, 1])])
def test_a_lot_is_no_more_than_so_many(texts, sizes):
    assert [len(lot) for lot in lots(["Good!"] * texts)] == sizes
