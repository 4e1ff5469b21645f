"""The networks trained in `training/`, one card (`.md`) each and its `.onnx`, and the pulling of others."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

__all__ = ["COMPLETE", "Shipped", "network", "pulled", "pulled_files", "shipped"]

COMPLETE = ".complete"
"""What marks a folder of pulled weights as whole: written last, and only once all is verified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """A network that is part of this package; `card` is the front matter of its card."""

    name: str
    path: Path
    size: int
    card: Mapping[str, str] = field(default_factory=dict)

    @property
    def digests(self) -> Mapping[Path, str]:
        """What the card says of its files: `sha256`, and `sha256 of NAME` of its parts."""
        said = {self.path: self.card.get("sha256", "")}
        said |= {
            self.path.with_name(key.removeprefix("sha256 of ")): digest
            for key, digest in self.card.items()
            if key.startswith("sha256 of ")
        }
        return {path: digest for path, digest in said.items() if digest}


def shipped() -> tuple[Shipped, ...]:
    """The networks in this package, each with its parts: those whose names begin with its own."""
    return tuple(
        Shipped(
            name=card.stem,
            path=path,
            size=sum(part.stat().st_size for part in _folder().glob(f"{card.stem}.*.onnx"))
            + path.stat().st_size,
            card=dict(_front_matter(card)),
        )
        for card in sorted(_folder().glob("*.md"))
        if (path := card.with_suffix(".onnx")).is_file()
    )


def network(name: str) -> Path | None:
    """Where a network of ours lies, if this package carries it."""
    path = _folder() / f"{name}.onnx"
    return path if path.is_file() else None


def pulled(folder: Path, name: str) -> list[Path]:
    """Folders of whole weights whose name begins with `name`."""
    return sorted(marker.parent for marker in folder.glob(f"{name}*/{COMPLETE}"))


def pulled_files(folder: Path) -> list[Path]:
    """The files of whole weights, as they were pulled."""
    said = json.loads((folder / COMPLETE).read_bytes())
    return [folder / file["name"] for file in said["files"]]


def _folder() -> Path:
    return Path(str(files(__name__)))


def _front_matter(card: Path) -> Iterator[tuple[str, str]]:
    """The `key: value` lines between the two `---` at the top of a card."""
    lines = card.read_text(encoding="utf-8").splitlines() if card.is_file() else []
    if lines[:1] == ["---"]:
        for line in lines[1:]:
            if line == "---":
                return
            key, colon, value = line.partition(":")
            if colon:
                yield key.strip(), value.strip()
