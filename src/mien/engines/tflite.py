"""Networks in TensorFlow Lite's format, rewritten as ONNX while they are opened.

MediaPipe's networks come as `.tflite` files. A runtime for them would add a tenth to what mien takes
on disk, and a second pool of threads; the few operations that they use all have a twin in ONNX. Of the
source format (flatbuffers, `tensorflow/lite/schema/schema.fbs`) this file knows the parts that such
networks use, by the field numbers of that schema; the target is written by `onnxfile.py`.
Pictures lie in memory as (batch, height, width, channels) in the one and (batch, channels, height,
width) in the other: so they are to be given. What the network gives stays as it was.
"""

import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.engines.onnxfile import Attribute, model, node, tensor, value
from mien.errors import EngineError

_TYPES = {0: "<f4", 1: "<f2", 2: "<i4", 4: "<i8"}
_TO_ONNX, _TO_LITE = (0, 3, 1, 2), (0, 2, 3, 1)


def onnx_of(path: Path) -> bytes:
    """The network as ONNX, with any number of pictures a call.

    Raises:
        EngineError: it is not such a network, or one with operations that are not known here.
    """
    try:
        return _Rewriting(_Network(path.read_bytes())).model()
    except (KeyError, IndexError, ValueError, struct.error) as error:
        raise EngineError(f"the network {path.name} cannot be read: {error!r}") from error


# ── reading flatbuffers


class _Table:
    """A record whose fields are found by their number in the schema."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self._at = data, at
        (back,) = struct.unpack_from("<i", data, at)
        self._fields = at - back

    def _place(self, field: int) -> int | None:
        (size,) = struct.unpack_from("<H", self._data, self._fields)
        slot = 4 + 2 * field
        (offset,) = struct.unpack_from("<H", self._data, self._fields + slot) if slot < size else (0,)
        return self._at + offset if offset else None

    def number(self, field: int, kind: str = "<i", missing: int = 0) -> int:
        place = self._place(field)
        return missing if place is None else int(struct.unpack_from(kind, self._data, place)[0])

    def table(self, field: int) -> "_Table | None":
        place = self._place(field)
        return None if place is None else _Table(self._data, self._follow(place))

    def tables(self, field: int) -> "list[_Table]":
        begin, count = self._vector(field)
        return [_Table(self._data, self._follow(begin + 4 * i)) for i in range(count)]

    def numbers(self, field: int, kind: str = "<i4") -> NDArray[np.generic]:
        begin, count = self._vector(field)
        return np.frombuffer(self._data, kind, count, begin)

    def _vector(self, field: int) -> tuple[int, int]:
        place = self._place(field)
        if place is None:
            return 0, 0
        begin = self._follow(place)
        (count,) = struct.unpack_from("<I", self._data, begin)
        return begin + 4, count

    def _follow(self, place: int) -> int:
        (offset,) = struct.unpack_from("<I", self._data, place)
        return place + int(offset)


class _Network:
    """Tensors and operations of the first graph of a `.tflite` file."""

    def __init__(self, data: bytes) -> None:
        if data[4:8] != b"TFL3":
            raise ValueError("not a TensorFlow Lite file")
        model = _Table(data, struct.unpack_from("<I", data, 0)[0])
        codes = [max(code.number(0, "<b"), code.number(3)) for code in model.tables(1)]
        graph = model.tables(2)[0]
        self._tensors, self._buffers = graph.tables(0), model.tables(4)
        self.inputs = [int(i) for i in graph.numbers(1)]
        self.outputs = [int(i) for i in graph.numbers(2)]
        self.operations = [_Operation(one, codes[one.number(0, "<I")]) for one in graph.tables(3)]

    def name(self, tensor: int) -> str:
        return bytes(self._tensors[tensor].numbers(3, "<u1")).decode()

    def shape(self, tensor: int) -> tuple[int, ...]:
        return tuple(int(size) for size in self._tensors[tensor].numbers(0))

    def constant(self, tensor: int) -> NDArray[np.generic] | None:
        """What a tensor holds from the start; None for one that is computed."""
        one = self._tensors[tensor]
        data = self._buffers[one.number(2, "<I")].numbers(0, "<u1")
        if not len(data):
            return None
        values = np.frombuffer(data.tobytes(), _TYPES[one.number(1, "<b")])
        sparsity = one.table(6)
        shape = self.shape(tensor)
        return values.reshape(shape) if sparsity is None else _dense(values, shape, sparsity)


class _Operation:
    """One operation, by its number among the built-in ones."""

    def __init__(self, table: _Table, code: int) -> None:
        self.code = code
        self.inputs = [int(i) for i in table.numbers(1)]
        self.outputs = [int(i) for i in table.numbers(2)]
        self._options = table.table(4)

    def option(self, field: int, kind: str = "<i", missing: int = 0) -> int:
        return missing if self._options is None else self._options.number(field, kind, missing)


def _dense(values: NDArray[np.generic], shape: tuple[int, ...], sparsity: _Table) -> NDArray[np.generic]:
    """Values of which only those that are not zero are stored, level by level as in a trie."""
    order = [int(i) for i in sparsity.numbers(0)]
    blocked = [int(i) for i in sparsity.numbers(1)]
    levels = sparsity.tables(2)
    blocks = [levels[order.index(len(shape) + k)].number(1) for k in range(len(blocked))]
    places = np.zeros((1, len(order)), np.int64)
    for level, dimension in enumerate(order):
        metadata = levels[level]
        if metadata.number(0, "<b") == 0:
            count = metadata.number(1)
            steps = np.tile(np.arange(count), len(places))
            places = np.repeat(places, count, axis=0)
        else:
            segments, steps = _indices(metadata, 2), _indices(metadata, 4)
            places = np.repeat(places, np.diff(segments), axis=0)
        places[:, dimension] = steps
    whole = places[:, : len(shape)].copy()
    for k, dimension in enumerate(blocked):
        whole[:, dimension] = whole[:, dimension] * blocks[k] + places[:, len(shape) + k]
    dense = np.zeros(shape, values.dtype)
    dense[tuple(whole.T)] = values
    return dense


def _indices(metadata: _Table, field: int) -> NDArray[np.int64]:
    kind = {1: "<i4", 2: "<u2", 3: "<u1"}[metadata.number(field, "<B")]
    held = metadata.table(field + 1)
    return np.empty(0, np.int64) if held is None else held.numbers(0, kind).astype(np.int64)


# ── from the one to the other


class _Rewriting:
    """Writes the operations of a network one by one."""

    def __init__(self, network: _Network) -> None:
        self._network = network
        self._nodes: list[bytes] = []
        self._held: list[bytes] = []
        self._constants: dict[int, NDArray[np.generic]] = {}
        self._padded: dict[int, tuple[int, dict[str, Attribute]]] = {}
        self._number = 0

    def model(self) -> bytes:
        network = self._network
        given = []
        for i in network.inputs:
            _, height, width, channels = network.shape(i)
            given.append(value(network.name(i), ("batch", channels, height, width)))
            self._add("Identity", [network.name(i)], _called(i))
        for operation in network.operations:
            _WRITERS[operation.code](self, operation)
        for i in network.outputs:
            self._add("Identity", [self._as_lite(i)], network.name(i))
        gives = [value(network.name(i), ("batch", *network.shape(i)[1:])) for i in network.outputs]
        return model(self._nodes, self._held, given, gives)

    def convolution(self, operation: _Operation, depthwise: bool = False) -> None:
        weights, bias = (self._constant(i) for i in operation.inputs[1:3])
        activation, dilation = (4, 5) if depthwise else (3, 4)
        strides = [operation.option(2), operation.option(1)]
        dilations = [operation.option(dilation + 1, missing=1), operation.option(dilation, missing=1)]
        kernel = weights.transpose((3, 0, 1, 2) if depthwise else _TO_ONNX)
        given, padding = self._padded.get(operation.inputs[0], (operation.inputs[0], _padding(operation)))
        self._add(
            "Conv",
            [_called(given), self._hold(kernel), self._hold(bias)],
            self._raw(operation, activation),
            strides=strides,
            dilations=dilations,
            group=len(kernel) if depthwise else 1,
            **padding,
        )
        self._activate(operation, activation)

    def depthwise(self, operation: _Operation) -> None:
        if operation.option(3) != 1:
            raise ValueError("a depth multiplier")
        self.convolution(operation, depthwise=True)

    def add(self, operation: _Operation) -> None:
        self._add("Add", [_called(i) for i in operation.inputs], self._raw(operation, 0))
        self._activate(operation, 0)

    def pool(self, operation: _Operation) -> None:
        self._add(
            "MaxPool",
            [_called(operation.inputs[0])],
            self._raw(operation, 5),
            strides=[operation.option(2), operation.option(1)],
            kernel_shape=[operation.option(4), operation.option(3)],
            **_padding(operation),
        )
        self._activate(operation, 5)

    def pad(self, operation: _Operation) -> None:
        sizes = self._constant(operation.inputs[1])[list(_TO_ONNX)]
        users = [one for one in self._network.operations if operation.outputs[0] in one.inputs]
        if (
            all(one.code in _CONVOLUTIONS and _padding(one) == _VALID for one in users)
            and not sizes[:2].any()
        ):
            pads = [int(size) for size in sizes[2:].T.reshape(-1)]  # it pads by itself, much faster
            self._padded[operation.outputs[0]] = operation.inputs[0], {"pads": pads}
        elif not (sizes[[0, 2, 3]].any() or sizes[1, 0]):
            # channels of nothing, by a convolution: onnxruntime lays out pictures in blocks of channels, and
            # after a Pad turns them back and forth for each sum that follows
            before, after = (self._network.shape(i)[-1] for i in (operation.inputs[0], operation.outputs[0]))
            same = np.eye(after, before, dtype=np.float32)
            self._simple("Conv", operation, self._hold(same[:, :, None, None]))
        else:
            self._simple("Pad", operation, self._hold(sizes.T.reshape(-1)))

    def prelu(self, operation: _Operation) -> None:
        # x + (1 − slope) · max(−x, 0) by convolutions: onnxruntime's PRelu is three times as slow
        given, name = _called(operation.inputs[0]), _called(operation.outputs[0])
        slope = self._constant(operation.inputs[1]).astype(np.float32).reshape(-1, 1, 1, 1)
        self._add("Conv", [given, self._hold(-np.ones_like(slope))], f"{name}.minus", group=len(slope))
        self._add("Relu", [f"{name}.minus"], f"{name}.below")
        self._add("Conv", [f"{name}.below", self._hold(1 - slope)], f"{name}.bent", group=len(slope))
        self._add("Add", [f"{name}.bent", given], name)

    def resize(self, operation: _Operation) -> None:
        height, width = (int(size) for size in self._constant(operation.inputs[1]))
        before = self._network.shape(operation.inputs[0])[1:3]
        scales = np.array([1, 1, height / before[0], width / before[1]], np.float32)
        aligned, halves = operation.option(2, "<b"), operation.option(3, "<b")
        mode = "align_corners" if aligned else "half_pixel" if halves else "asymmetric"
        self._simple(
            "Resize", operation, "", self._hold(scales), mode="linear", coordinate_transformation_mode=mode
        )

    def depth_to_space(self, operation: _Operation) -> None:
        self._simple("DepthToSpace", operation, blocksize=operation.option(0), mode="DCR")

    def reshape(self, operation: _Operation) -> None:
        shape = np.array([0, *self._network.shape(operation.outputs[0])[1:]])  # 0: as many as there are
        lite = self._as_lite(operation.inputs[0])
        if len(shape) == 4:
            raise ValueError("a picture made by reshaping")
        self._add("Reshape", [lite, self._hold(shape)], _called(operation.outputs[0]))

    def concatenate(self, operation: _Operation) -> None:
        if len(self._network.shape(operation.outputs[0])) == 4:
            raise ValueError("pictures put together")
        self._add(
            "Concat",
            [_called(i) for i in operation.inputs],
            _called(operation.outputs[0]),
            axis=operation.option(0),
        )

    def relu(self, operation: _Operation) -> None:
        self._simple("Relu", operation)

    def logistic(self, operation: _Operation) -> None:
        self._simple("Sigmoid", operation)

    def store(self, operation: _Operation) -> None:
        """Constants that are stored smaller than they are used."""
        self._constants[operation.outputs[0]] = self._constant(operation.inputs[0]).astype(np.float32)

    def _simple(self, kind: str, operation: _Operation, *others: str, **attributes: Attribute) -> None:
        self._add(kind, [_called(operation.inputs[0]), *others], _called(operation.outputs[0]), **attributes)

    def _raw(self, operation: _Operation, activation: int) -> str:
        """Where a result goes before its activation."""
        name = _called(operation.outputs[0])
        return f"{name}.raw" if operation.option(activation, "<b") else name

    def _activate(self, operation: _Operation, field: int) -> None:
        name = _called(operation.outputs[0])
        match operation.option(field, "<b"):
            case 0:
                return
            case 1:
                self._add("Relu", [f"{name}.raw"], name)
            case 3:
                low, high = (self._hold(np.array(edge, np.float32)) for edge in (0, 6))
                self._add("Clip", [f"{name}.raw", low, high], name)
            case other:
                raise ValueError(f"activation {other}")

    def _as_lite(self, tensor: int) -> str:
        """The name of a tensor as it lies in the source format."""
        if len(self._network.shape(tensor)) != 4:
            return _called(tensor)
        name = f"{_called(tensor)}.lite"
        self._add("Transpose", [_called(tensor)], name, perm=_TO_LITE)
        return name

    def _constant(self, tensor: int) -> NDArray[np.generic]:
        found = self._constants.get(tensor)
        if found is None:
            found = self._network.constant(tensor)
        if found is None:
            raise ValueError("weights that are computed")
        return found

    def _hold(self, values: NDArray[np.generic]) -> str:
        self._number += 1
        name = f"c{self._number}"
        self._held.append(tensor(name, values))
        return name

    def _add(self, kind: str, inputs: Sequence[str], output: str, **attributes: Attribute) -> None:
        self._nodes.append(node(kind, inputs, [output], **attributes))


def _called(tensor: int) -> str:
    return f"t{tensor}"


def _padding(operation: _Operation) -> dict[str, Attribute]:
    return _VALID if operation.option(0, "<b") else {"auto_pad": "SAME_UPPER"}


_VALID: dict[str, Attribute] = {"auto_pad": "VALID"}
_CONVOLUTIONS = (3, 4)
_WRITERS: dict[int, Callable[[_Rewriting, _Operation], None]] = {
    0: _Rewriting.add,
    2: _Rewriting.concatenate,
    3: _Rewriting.convolution,
    4: _Rewriting.depthwise,
    5: _Rewriting.depth_to_space,
    6: _Rewriting.store,
    14: _Rewriting.logistic,
    17: _Rewriting.pool,
    19: _Rewriting.relu,
    22: _Rewriting.reshape,
    23: _Rewriting.resize,
    34: _Rewriting.pad,
    54: _Rewriting.prelu,
    124: _Rewriting.store,
}
"""What writes each operation, by its number in the source schema."""
