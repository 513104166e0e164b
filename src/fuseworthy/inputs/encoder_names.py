"""Encoders as users spell them, and the names of the views they give."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fuseworthy.errors import InputError, nearest


@dataclass(frozen=True)
class Offer:
    """What a kind of modality can be encoded by.

    Parameters
    ----------
    kind : str
    floors : tuple of str
        Encoders that need no weights.
    packaged : tuple of str
        Pretrained ones whose weights come from a pinned package.
    loaded : tuple of str
        Pretrained ones that take a hub's id or a folder after a colon, as in ``hf:folder``.
    """

    kind: str
    floors: tuple[str, ...]
    packaged: tuple[str, ...] = ()
    loaded: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """Encoders that are only a name."""
        return self.floors + self.packaged

    def checked(self, encoders: str | Sequence[str]) -> tuple[str, ...]:
        """The encoders, each once.

        Raises
        ------
        InputError
            None came, or one that there is not.
        """
        chosen = (encoders,) if isinstance(encoders, str) else tuple(dict.fromkeys(encoders))
        if not chosen:
            raise InputError(
                f"{self.kind} must have at least one encoder, but none came. Pass encoders=({self.named[0]!r},)."
            )
        for name in chosen:
            self._check(name)
        return chosen

    def _check(self, name: str) -> None:
        family, source = source_of(name)
        if name in self.named or (family in self.loaded and source):
            return
        if family in self.loaded:
            raise InputError(
                f"an encoder {family!r} must say which model, but {name!r} came. Write {family}:ID or {family}:FOLDER."
            )
        known = [*self.named, *(f"{family}:ID-or-folder" for family in self.loaded)]
        raise InputError(
            f"an encoder of {self.kind} must be one this version has, but {name!r} came: {nearest(name, known)}."
        )


TEXTS = Offer("text", ("tfidf", "words"), ("minilm",), ("model2vec", "hf", "hf-tokens"))
IMAGES = Offer("image", ("statistics", "patches"), ("efficientnet", "efficientnet-patches"), ("hf", "hf-patches"))
SOUNDS = Offer("audio", ("spectrum", "frames"), loaded=("hf", "hf-frames"))
FILMS = Offer("video", ("statistics", "frames"), ("efficientnet", "efficientnet-frames"), ("hf", "hf-frames"))
SERIES = Offer("series", ("statistics", "windows"))
OFFERS = {offer.kind: offer for offer in (TEXTS, IMAGES, SOUNDS, FILMS, SERIES)}


def source_of(encoder: str) -> tuple[str, str]:
    """The family of an encoder, and the id or folder of its weights ("" if it needs none).

    Examples
    --------
    >>> source_of("hf:intfloat/e5-small"), source_of("tfidf")
    (('hf', 'intfloat/e5-small'), ('tfidf', ''))
    """
    family, _, source = encoder.partition(":")
    return family, source


PIXELS = "pixels"
"""What reads pictures as they are, or as the model after a colon is given them; no user's to name (see `encoders.raw`)."""


def is_frozen(encoder: str) -> bool:
    """Whether an encoder of files is a pretrained network, which reads many files at once."""
    return source_of(encoder)[0].startswith(("efficientnet", "hf"))


def gives_tokens(encoder: str) -> bool:
    """Whether an encoder of files gives a sequence for each row, and not one vector."""
    return source_of(encoder)[0].endswith(("patches", "frames", "windows"))


def network_name(encoder: str) -> str:
    """The network behind an encoder: one and the same gives vectors and tokens.

    Examples
    --------
    >>> network_name("hf-patches:clip"), network_name("efficientnet-frames")
    ('hf:clip', 'efficientnet')
    """
    family, source = source_of(encoder)
    family = family.removesuffix("-patches").removesuffix("-frames")
    return f"{family}:{source}" if source else family


def view_names(encoders: Iterable[str]) -> dict[str, str]:
    """View -> encoder, in order: short names that can stand in column and file names, each once.

    Examples
    --------
    >>> list(view_names(["tfidf", "hf:intfloat/e5-small", "hf:/models/E5 small/", "hf-tokens:e5-small"]))
    ['counts', 'hf-e5-small', 'hf-e5-small-2', 'hf-tokens-e5-small']
    """
    found: dict[str, str] = {}
    for encoder in encoders:
        family, source = source_of(encoder)
        last = re.split(r"[/\\]", source.rstrip("/\\"))[-1]
        plain = re.sub(r"[^a-z0-9._]+", "-", f"{family}-{last}".lower()).strip("-.") if source else family
        name = "counts" if encoder == "tfidf" else plain[:LONGEST]
        count = 2
        while name in found:
            name, count = f"{plain[:LONGEST]}-{count}", count + 1
        found[name] = encoder
    return found


LONGEST = 48
"""Characters of a view's name."""
