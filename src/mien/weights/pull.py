"""Weights of others, which a user pulls when wanted. (Filled in by the pulling engine work.)"""

from pathlib import Path


def pulled(folder: Path, name: str) -> bool:
    """Whether weights whose name begins with `name` lie in the folder, whole."""
    return any(folder.glob(f"{name}*/.complete"))
