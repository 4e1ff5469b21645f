"""Real faces, and the networks that find them."""

from tests.engines.conftest import astronaut, with_mesh

__all__ = ["astronaut", "with_mesh"]
