"""Networks written as ONNX files, and the weights of others read from theirs.

Of the format (protocol buffers, `onnx.proto`) this file knows the parts that such networks use, by the
field numbers of that schema. The package `onnx` would take 33 MB to do this.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

OPSET, IR = 17, 8
"""Of ONNX: known to every onnxruntime that mien allows."""

Attribute: TypeAlias = int | str | Sequence[int]

_KINDS = {1: "<f4", 7: "<i8"}
"""Of numbers, as `TensorProto.DataType` has them."""


def model(
    nodes: Iterable[bytes], held: Iterable[bytes], given: Iterable[bytes], gives: Iterable[bytes]
) -> bytes:
    """A network of nodes, the tensors that they hold, and what goes in and comes out, as made below."""
    graph = _all(1, nodes) + _field(2, "network") + _all(5, held) + _all(11, given) + _all(12, gives)
    return _field(1, IR) + _field(7, graph) + _field(8, _field(2, OPSET))


def node(kind: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Attribute) -> bytes:
    listed = [_attribute(name, value) for name, value in attributes.items()]
    return _all(1, inputs) + _all(2, outputs) + _field(4, kind) + _all(5, listed)


def tensor(name: str, values: NDArray[np.generic]) -> bytes:
    """Whole numbers become 64 bits, others 32."""
    kind = 7 if values.dtype.kind == "i" else 1
    data = np.ascontiguousarray(values, _KINDS[kind]).tobytes()
    return _all(1, values.shape) + _field(2, kind) + _field(8, name) + _field(9, data)


def value(name: str, shape: Sequence[int | str]) -> bytes:
    """What goes in or comes out, float32; sizes that are not known have a name."""
    sizes = [_field(1, size) if isinstance(size, int) else _field(2, size) for size in shape]
    return _field(1, name) + _field(2, _field(1, _field(1, 1) + _field(2, _all(1, sizes))))


def weights(network: bytes) -> dict[str, NDArray[np.generic]]:
    """The tensors that a network holds, by name: those whose numbers are float32 or int64, stored as bytes.

    Raises:
        ValueError: it is damaged, or no such file.
    """
    found = {}
    for graph in _parts(network, 7):
        for held in _parts(graph, 5):
            kind = next((number for number in _numbers(held, 2) if number in _KINDS), None)
            name, data = _parts(held, 8), _parts(held, 9)
            if kind and name and data:
                values = np.frombuffer(data[0], _KINDS[kind])
                found[name[0].decode()] = values.reshape(_numbers(held, 1))
    return found


def _attribute(name: str, value: Attribute) -> bytes:
    match value:
        case int():
            return _field(1, name) + _field(3, value) + _field(20, 2)
        case str():
            return _field(1, name) + _field(4, value) + _field(20, 3)
        case _:
            return _field(1, name) + _all(8, value) + _field(20, 7)


# ── protocol buffers


def _all(number: int, values: Iterable[int | bytes | str]) -> bytes:
    return b"".join(_field(number, value) for value in values)


def _field(number: int, value: int | bytes | str) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _parts(data: bytes, number: int) -> list[bytes]:
    return [value for at, value in _fields(data) if at == number and isinstance(value, bytes)]


def _numbers(data: bytes, number: int) -> list[int]:
    return [value for at, value in _fields(data) if at == number and isinstance(value, int)]


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field."""
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        match key & 7:
            case 0:
                value, at = _read_varint(data, at)
                yield key >> 3, value
            case kind if kind in _SIZES:
                at += _SIZES[kind]
            case 2:
                length, at = _read_varint(data, at)
                if at + length > len(data):
                    raise ValueError("the file ends too early")
                yield key >> 3, data[at : at + length]
                at += length
            case kind:
                raise ValueError(f"a field of kind {kind}")


_SIZES = {1: 8, 5: 4}
"""Bytes of fields of fixed size, none of which is needed here."""


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for k, byte in enumerate(data[at : at + 10]):
        value |= (byte & 0x7F) << 7 * k
        if byte < 0x80:
            return value, at + k + 1
    raise ValueError("the file ends too early")
