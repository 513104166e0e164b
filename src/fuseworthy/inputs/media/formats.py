"""What a file is, told by its first bytes; its ending is only a hint that a column holds paths."""

from __future__ import annotations

HEAD = 512
"""Bytes that are looked at."""

IMAGES = ("png", "jpeg", "webp", "bmp", "gif", "tiff")
SOUNDS = ("wav", "flac", "ogg", "mp3", "aiff")
FILMS = ("mp4", "matroska", "avi", "mpegts", "ogg")
ARRAYS = ("npy", "parquet")

ENDINGS: dict[str, tuple[str, ...]] = {
    "image": (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"),
    "audio": (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".m4a"),
    "video": (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".ogv"),
    "series": (".npy", ".csv", ".parquet"),
}
"""Kind -> endings of the files that columns of paths are recognised by."""

_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"BM", "bmp"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"fLaC", "flac"),
    (b"OggS", "ogg"),
    (b"ID3", "mp3"),
    (b"\x1a\x45\xdf\xa3", "matroska"),
    (b"\x93NUMPY", "npy"),
    (b"PAR1", "parquet"),
)
_RIFF = {b"WAVE": "wav", b"WEBP": "webp", b"AVI ": "avi"}
_MPEG_PACKET = 188


def sniff(head: bytes) -> str:
    """The format that the first bytes tell, or "".

    Examples
    --------
    >>> sniff(b"GIF89a..."), sniff(b"RIFF....WAVEfmt "), sniff(b"a,b")
    ('gif', 'wav', '')
    """
    for start, name in _STARTS:
        if head.startswith(start):
            return name
    if head[:4] in (b"RIFF", b"RF64"):
        return _RIFF.get(head[8:12], "")
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if head[4:8] == b"ftyp":
        return "mp4"
    if len(head) > 2 * _MPEG_PACKET and head[0] == head[_MPEG_PACKET] == head[2 * _MPEG_PACKET] == 0x47:
        return "mpegts"
    if (
        len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2
    ):  # a frame of layer III, which text in UTF-16 is not
        return "mp3"
    return ""


def kind_of(head: bytes) -> str:
    """The kind of modality that such files are: "image", "audio", "video", "series" or ""."""
    name = sniff(head)
    kinds = (("image", IMAGES), ("audio", SOUNDS), ("video", FILMS), ("series", ARRAYS))
    return next((kind for kind, names in kinds if name in names), "")


def may_be(kind: str, head: bytes) -> bool:
    """Whether a file that begins so may be of a kind of modality; only decoding tells for certain."""
    name = sniff(head)
    read = {"image": IMAGES, "audio": (*SOUNDS, *FILMS), "video": FILMS, "series": (*ARRAYS, "wav")}[kind]
    return name in read or (kind == "series" and looks_like(head) == "text")


def looks_like(head: bytes) -> str:
    """What a file that is not what it should be looks like, for people."""
    if name := sniff(head):
        return name.upper()
    start = head.lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "an HTML page"
    try:
        words = head.decode("utf-8")
    except UnicodeDecodeError as error:
        words = head[: error.start].decode() if error.start > len(head) - 4 else "\0"
    return "text" if words.replace("\n", "").replace("\r", "").replace("\t", "").isprintable() else "unknown bytes"
