"""The page: files that the build put into `static/`, with the headers that keep them safe and fresh."""

from hashlib import sha256
from pathlib import Path, PureWindowsPath
from typing import NoReturn

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

STATIC = Path(__file__).parent / "static"

VIEWS = ("/", "/library", "/result/{id}", "/compare", "/live")
"""Addresses that people see. All are the same file, whose script looks at the address."""

HEADERS = {
    # scripts and styles are files of ours and nothing else; media are also what the page recorded itself
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:;"
        " media-src 'self' blob:; connect-src 'self'; worker-src 'self'; font-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # with none at all, some browsers do not tell us that it is our own
    "X-Content-Type-Options": "nosniff",
}

FRESH = "no-cache"
"""Asked for every time, answered with 304 while nothing has changed."""
FOREVER = "public, max-age=31536000, immutable"
"""Of files whose name changes with their content."""

TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
"""Said by us, whatever this machine believes: browsers refuse scripts and styles under another type."""

MISSING = """<!doctype html><html lang=en><meta charset=utf-8><title>mien</title>
<meta name=viewport content="width=device-width">
<h1>mien is here, its page is not</h1>
<p>The API of this server works: see <a href=/docs>/docs</a>. The page was left out when mien was installed,
because <code>MIEN_NO_PAGE</code> was set or the registry of npm could not be reached. To get it, install mien
again where that registry is reached:</p>
<pre>pip install --force-reinstall --no-deps .</pre></html>"""


def routes(static: Path = STATIC) -> APIRouter:
    """The page at the addresses of its views. Everybody may have it: it holds nothing but itself."""
    router = APIRouter(include_in_schema=False)

    def view(request: Request) -> Response:
        index = static / "index.html"
        return _file(index, FRESH, request) or HTMLResponse(MISSING, headers=HEADERS)

    def icon(request: Request) -> Response:
        return _file(static / "icon.svg", FRESH, request) or _nothing()

    def asset(name: str, request: Request) -> Response:
        if PureWindowsPath(name).name != name:  # there, a backslash or a drive would lead elsewhere
            _nothing()
        return _file(static / "assets" / name, FOREVER, request) or _nothing()

    for path in VIEWS:
        router.add_api_route(path, view, methods=["GET", "HEAD"])
    router.add_api_route("/icon.svg", icon, methods=["GET", "HEAD"])
    router.add_api_route("/assets/{name}", asset, methods=["GET", "HEAD"])
    return router


def _file(path: Path, cached: str, request: Request) -> Response | None:
    """A file, or that it has not changed; None where there is none."""
    try:
        content = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        return None
    # of what it holds: installers give every version of a file the same time
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    headers = HEADERS | {"Cache-Control": cached, "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=TYPES.get(path.suffix))


def _nothing() -> NoReturn:
    raise HTTPException(404)
