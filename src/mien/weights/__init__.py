"""The networks trained in `training/`, one `.onnx` and one card (`.md`) each, and the pulling of others."""

from importlib.resources import files
from pathlib import Path

__all__ = ["network"]


def network(name: str) -> Path | None:
    """Where a network of ours lies, if this package carries it."""
    path = Path(str(files(__name__))) / f"{name}.onnx"
    return path if path.is_file() else None
