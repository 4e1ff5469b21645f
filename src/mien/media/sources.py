"""Placeholder until the media engineer's file lands: overwrite freely."""

from urllib.parse import unquote, urlsplit


def name_of(url: str) -> str:
    return unquote(urlsplit(url).path).rpartition("/")[2]


def check_url(url: str) -> None:
    from mien.errors import UnsafeAddress

    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UnsafeAddress
