"""What a file is, by how it begins; what it is called does not matter."""

import codecs
import re
import unicodedata

HEAD = 64 * 1024
"""Bytes of the beginning that are looked at."""

_BEGINNINGS: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), demuxer)
    for pattern, demuxer in (
        # pictures
        (rb"\x89PNG\r\n\x1a\n", "png_pipe"),
        (rb"\xff\xd8\xff", "jpeg_pipe"),
        (rb"RIFF....WEBP", "webp_pipe"),
        (rb"BM.{4}\0{4}.{4}[\x28\x34\x38\x40\x6c\x7c]\0\0\0", "bmp_pipe"),
        (rb"II\*\0|MM\0\*", "tiff_pipe"),
        (rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51", "j2k_pipe"),
        (rb"P5\s", "pgm_pipe"),
        (rb"P6\s", "ppm_pipe"),
        (rb"qoif", "qoi_pipe"),
        # sound and films
        (rb"RIFF....WAVE|(?:RF64|BW64)....WAVE", "wav"),
        (rb"riff\x2e\x91\xcf\x11", "w64"),
        (rb"FORM....AIF[FC]", "aiff"),
        (rb"\.snd", "au"),
        (rb"caff\0\x01", "caf"),
        (rb"fLaC", "flac"),
        (rb"OggS", "ogg"),
        (rb"#!AMR", "amr"),
        (rb"wvpk", "wv"),
        (rb"MAC ", "ape"),
        (rb"TTA[12]", "tta"),
        (rb"RIFF....AVI[ X\x19]", "avi"),
        (rb"FLV\x01", "flv"),
        (rb"GIF8[79]a", "gif"),
        (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
        (rb"\x1a\x45\xdf\xa3", "matroska"),
        (rb"....(?:ftyp|moov|mdat|wide|free|skip|pnot)", "mov"),
        (rb"\0\0\x01\xba", "mpeg"),
        (rb"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02", "mxf"),
    )
)

_PACKED = re.compile(
    rb"PK(?:\x03\x04|\x05\x06|\x07\x08)|\x1f\x8b|BZh|\xfd7zXZ\0|7z\xbc\xaf\x27\x1c|Rar!|\x28\xb5\x2f\xfd|.{257}ustar",
    re.DOTALL,
)
"""How archives begin, and files that are packed: nothing that is measured does."""

DOCUMENTS = (b"%PDF-", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
"""How PDFs begin, and files of office programs from before 2007."""

SAVE_AS_TEXT = "it is a document; save what is written in it as plain text (.txt)"
"""What is said of documents: what is written in them lies among markup."""

SAVE_AS_UTF8 = "it is named like a text, but its encoding cannot be told; save it in UTF-8"

UNPACK = (
    "it is packed, and has to be unpacked first; jobs open archives (.zip, .tar.gz, .tar.bz2, .tar.xz), but"
    " none within another"
)

_CONTENT_TYPES = {
    "png_pipe": "image/png",
    "jpeg_pipe": "image/jpeg",
    "webp_pipe": "image/webp",
    "bmp_pipe": "image/bmp",
    "gif": "image/gif",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "ogg": "application/ogg",
    "matroska": "video/webm",
    "mov": "video/mp4",
    "avi": "video/x-msvideo",
}
"""What browsers call the kinds that they can show, and some that they say they cannot."""

PROBED = "aac,ac3,dts,dv,eac3,flac,loas,mp3,mpeg,mpegts,mpegvideo"
"""Demuxers of files that have no beginning of their own: FFmpeg looks for these, and no others."""

WINDOWS = "cp1252"
"""The encoding of texts from Windows, and of those in Latin-1, that are not in UTF-8."""

_LINES_NAME = re.compile(r"\.(?:csv|jsonl|ndjson|srt|tsv|vtt)$", re.IGNORECASE)

_TEXT_NAME = re.compile(r"\.(?:csv|log|md|rst|srt|text|tsv|txt|vtt)$", re.IGNORECASE)

_STILL = re.compile(rb"....ftyp(?:avif|heic|heix|heim|heis|mif1)", re.DOTALL)

_NOT_PROSE = re.compile(
    r"\s*(?:<!--(?:(?!-->).)*-->\s*)*(?:<!doctype|<html|<\?xml|<svg|<mpd|#extm3u|ffconcat|v=0\r?\no=|%pdf-|%!ps|\{\\rtf)",
    re.IGNORECASE | re.DOTALL,
)


def demuxer_of(head: bytes) -> str:
    """FFmpeg's name for what begins like this; empty where the beginning does not tell."""
    return next((demuxer for pattern, demuxer in _BEGINNINGS if pattern.match(head)), "")


def is_packed(head: bytes) -> bool:
    return bool(_PACKED.match(head))


def is_picture(head: bytes) -> bool:
    return demuxer_of(head).endswith("_pipe") or bool(_STILL.match(head))


def content_type_of(head: bytes) -> str:
    """What browsers are told of a file that begins like this, so that they play it, or save it, but never
    run it: no kind of text is among these."""
    if _STILL.match(head):
        return "image/avif"
    if encoding_of(head) is not None:
        return "application/octet-stream"
    # what has no beginning of its own is sound more often than not, and browsers look for themselves
    return _CONTENT_TYPES.get(demuxer_of(head), "audio/mpeg")


def encoding_of(head: bytes, name: str = "") -> str | None:
    """How a text is encoded: in UTF-8, in UTF-16 that says so, or, where its name promises a text, as Windows
    used to; None for what is no text."""
    encoding = "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    if _is_text(head, encoding):
        return encoding
    return WINDOWS if is_from_windows(head, name) else None


def is_from_windows(data: bytes, name: str) -> bool:
    """Whether what is in no other encoding is a text from Windows, as its name promises."""
    return promises_text(name) and _is_text(data, WINDOWS)


def promises_text(name: str) -> bool:
    return bool(_TEXT_NAME.search(name))


def promises_lines(name: str) -> bool:
    """Whether a text is called as subtitles and tables are, in which more stands than is to be read."""
    return bool(_LINES_NAME.search(name))


def is_prose(text: str) -> bool:
    """Whether a text is for reading, rather than a web page, a document, a drawing or a playlist."""
    return not _NOT_PROSE.match(text[:1000])


def _is_text(head: bytes, encoding: str) -> bool:
    try:
        # not final: the beginning may end within a character
        text = codecs.getincrementaldecoder(encoding)().decode(head, final=False)
    except UnicodeDecodeError:
        return False
    return not any(map(_is_control, set(text)))


def _is_control(character: str) -> bool:
    return unicodedata.category(character) == "Cc" and character not in "\t\n\v\f\r\x1b\x85"
