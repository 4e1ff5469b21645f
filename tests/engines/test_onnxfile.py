"""Networks written as ONNX files, and weights read from them: as the package `onnx` has it."""

from contextlib import suppress

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from onnx import numpy_helper
from onnxruntime import InferenceSession

from mien.engines.onnxfile import model, node, tensor, value, weights

NUMBERS = st.one_of(
    arrays(np.float32, array_shapes(max_dims=4, max_side=5), elements=st.floats(-10, 10, width=32)),
    arrays(np.int64, array_shapes(max_dims=2, max_side=5), elements=st.integers(-(2**63), 2**63 - 1)),
)


def network(*held):
    nodes = [node("Flatten", ["given"], ["flat"], axis=1), node("Relu", ["flat"], ["gives"])]
    return model(nodes, held, [value("given", ("batch", 2, 3))], [value("gives", ("batch", 6))])


def test_what_is_written_runs():
    session = InferenceSession(network())

    (gives,) = session.run(None, {"given": np.arange(-6, 6, dtype=np.float32).reshape(2, 2, 3)})

    assert gives.tolist() == [[0] * 6, [0, 1, 2, 3, 4, 5]]
    assert [one.shape for one in session.get_inputs()] == [["batch", 2, 3]]


@given(st.dictionaries(st.text(min_size=1), NUMBERS, max_size=4))
def test_weights_are_read_as_they_were_written_and_as_onnx_reads_them(held):
    written = network(*(tensor(name, values) for name, values in held.items()))

    theirs = {
        one.name: numpy_helper.to_array(one) for one in onnx.load_from_string(written).graph.initializer
    }
    for found in (weights(written), theirs):
        assert found.keys() == held.keys()
        assert all(np.array_equal(found[name], values) for name, values in held.items())
        assert all(found[name].dtype == values.dtype for name, values in held.items())


def test_weights_of_other_kinds_are_passed_over():
    graph = onnx.helper.make_graph(
        [],
        "other",
        [],
        [],
        [
            numpy_helper.from_array(np.ones(3, np.float16), "half"),
            onnx.helper.make_tensor("listed", onnx.TensorProto.FLOAT, [2], [1.0, 2.0]),
            numpy_helper.from_array(np.ones(2, np.float32), "known"),
        ],
    )

    assert list(weights(onnx.helper.make_model(graph).SerializeToString())) == ["known"]


@given(st.binary(max_size=60))
def test_what_is_no_network_has_no_weights_or_is_refused(data):
    with suppress(ValueError):
        assert weights(data) == {}


@pytest.mark.parametrize("part", [0.3, 0.6, 0.99])
def test_a_file_that_was_cut_is_refused(part):
    written = network(tensor("weight", np.ones((40, 40), np.float32)))

    with pytest.raises(ValueError, match="too early"):
        weights(written[: int(len(written) * part)])
