"""Debian's Chromium without a window, driven over its own protocol (CDP)."""

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from websockets.sync.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)


class Page:
    """One tab."""

    def __init__(self, socket: ClientConnection, session: str) -> None:
        self._socket, self._session, self._last = socket, session, 0
        self.troubles: list[str] = []
        """What the page threw, and what the browser refused it."""
        for domain in ("Page", "Runtime", "Log", "DOM"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: Any) -> Any:
        """Call a method of the protocol, and wait for what it answers."""
        self._last += 1
        call = {"id": self._last, "method": method, "params": params, "sessionId": self._session}
        self._socket.send(json.dumps(call))
        while True:
            told = json.loads(self._socket.recv(timeout=60))
            if told.get("id") == self._last:
                if "error" in told:
                    raise RuntimeError(f"{method}: {told['error']['message']}")
                return told["result"]
            self._note(told)

    def _note(self, told: Any) -> None:
        match told.get("method"), told.get("params"):
            case "Runtime.exceptionThrown", params:
                details = params["exceptionDetails"]
                self.troubles.append(details.get("exception", {}).get("description", details["text"]))
            case "Log.entryAdded", {"entry": {"level": "error", "text": text, **rest}}:
                self.troubles.append(f"{text} {rest.get('url', '')}")

    def open(self, url: str) -> None:
        self.send("Page.navigate", url=url)
        self.until("document.readyState == 'complete'")

    def do(self, script: str) -> Any:
        """What a script comes to, promises awaited."""
        result = self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return result["result"].get("value")

    def until(self, script: str, seconds: float = 30.0) -> Any:
        """Wait until a script comes to something true, and tell it."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if (value := self.do(script)) not in (None, False, 0, ""):
                return value
            time.sleep(0.05)
        raise TimeoutError(f"never came true: {script}\n{self.do('document.body.innerText')[:2000]}")

    def text(self, selector: str = "body") -> str:
        told: str = self.do(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")
        return told

    def click(self, selector: str, x: float = 0.5, y: float = 0.5) -> None:
        """Press the mouse on an element, at shares of its width and height."""
        self.until(f"document.querySelector({json.dumps(selector)})")
        at = self.do(
            f"(() => {{ const one = document.querySelector({json.dumps(selector)});"
            " one.scrollIntoView({block: 'nearest'}); const r = one.getBoundingClientRect();"
            f" return [r.left + r.width * {x}, r.top + r.height * {y}]; }})()"
        )
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self._mouse(kind, *at)

    def drag(self, selector: str, begin: float, end: float) -> None:
        """Drag the mouse across an element, from one share of its width to another."""
        left, top, width, height = self.do(
            f"(() => {{ const one = document.querySelector({json.dumps(selector)});"
            " one.scrollIntoView({block: 'center'}); const r = one.getBoundingClientRect();"
            " return [r.left, r.top, r.width, r.height]; })()"
        )
        y = top + height / 2
        self._mouse("mousePressed", left + width * begin, y)
        for step in range(1, 6):
            self._mouse("mouseMoved", left + width * (begin + (end - begin) * step / 5), y)
        self._mouse("mouseReleased", left + width * end, y)

    def _mouse(self, kind: str, x: float, y: float) -> None:
        button = "none" if kind == "mouseMoved" else "left"
        self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, clickCount=1)

    def press(self, key: str) -> None:
        text = {"text": key} if len(key) == 1 else {}
        self.send("Input.dispatchKeyEvent", type="keyDown", key=key, **text)
        self.send("Input.dispatchKeyEvent", type="keyUp", key=key)

    def choose_files(self, selector: str, *paths: Path) -> None:
        root = self.send("DOM.getDocument")["root"]["nodeId"]
        node = self.send("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.send("DOM.setFileInputFiles", nodeId=node, files=[str(path) for path in paths])

    def look(self, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        """See the page on a screen of this size, in light or dark."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.send("Emulation.setEmulatedMedia", features=features)

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """A screenshot."""
        shot = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))


@contextmanager
def chromium(*flags: str) -> Iterator[Page]:
    """A browser with one tab, as long as the context lasts."""
    assert CHROMIUM
    with TemporaryDirectory(ignore_cleanup_errors=True) as home:
        command = [CHROMIUM, *FLAGS, *flags, f"--user-data-dir={home}", "about:blank"]
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            port, path = _devtools(Path(home) / "DevToolsActivePort", running)
            with connect(f"ws://127.0.0.1:{port}{path}", max_size=None, open_timeout=120) as socket:
                yield Page(socket, _session(socket))
        finally:
            running.terminate()
            running.wait(10)


def _devtools(told: Path, running: subprocess.Popen[bytes]) -> tuple[str, str]:
    for _ in range(600):
        if told.exists() and len(lines := told.read_text().split()) == 2:
            return lines[0], lines[1]
        if running.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError("Chromium does not start")


def _session(socket: ClientConnection) -> str:
    """The first tab, and a session with it."""
    for number, (method, params) in enumerate([("Target.getTargets", {}), ("Target.attachToTarget", {"flatten": True})]):
        if number:
            params = params | {"targetId": tab}
        socket.send(json.dumps({"id": -1 - number, "method": method, "params": params}))
        while (told := json.loads(socket.recv(timeout=60))).get("id") != -1 - number:
            pass
        if not number:
            tab = next(one["targetId"] for one in told["result"]["targetInfos"] if one["type"] == "page")
    session: str = told["result"]["sessionId"]
    return session
