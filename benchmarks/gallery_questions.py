"""The questions of the gallery: a set, a column to predict, and what keeps the study within its minutes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fuseworthy.datasets import SETS, KnownSet
from fuseworthy.inputs.kinds import parse_modality, with_encoders
from fuseworthy.inputs.modality import Modality

PLAIN: dict[str, Any] = {"strategies": ("cheap",), "folds": 5, "repeats": 1, "attribution": False}
"""Every late and early fusion with its controls, five folds once. Networks, further repeats and the retrained subsets
cost three to ten times as much, which is not within five minutes on one core."""
FEWER = PLAIN | {"strategies": ("mean", "stacking", "early-linear")}
"""For questions of so many rows and classes that even these take long: one fusion of each sort."""


@dataclass(frozen=True)
class Asked:
    """One question.

    Parameters
    ----------
    data : name of a set
    target : column to predict
    modalities : as the set spells them, where this target asks for others
    encoders : modality -> encoders, where the usual ones are not meant
    task : where the target is not the set's usual one and its task cannot be told
    options : further arguments of `fuseworthy.compare`
    note : why it is not asked with the defaults, for the docs
    """

    data: str
    target: str
    modalities: tuple[str, ...] = ()
    encoders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    task: str | None = None
    options: Mapping[str, Any] = field(default_factory=lambda: PLAIN)
    note: str = ""

    @property
    def known(self) -> KnownSet:
        return SETS[self.data]

    def chosen(self) -> dict[str, Modality]:
        """The modalities, with their encoders."""
        spelled = self.modalities or self.known.modalities
        return with_encoders(dict(parse_modality(words) for words in spelled), self.encoders)

    def arguments(self) -> dict[str, Any]:
        """What `fuseworthy.compare` is called with beside the table and the target."""
        task = self.task or (self.known.task if self.target == self.known.targets[0] else None)
        asked = {"id": "id", "group": self.known.group, "task": task, "modalities": self.chosen()}
        return asked | {"anyway": True} | dict(self.options)


WORDS = ("tfidf", "minilm")
QUESTIONS: dict[str, Asked] = {
    "watch-3s": Asked("watch-3s", "exercise"),
    "movies": Asked("movies", "rating"),
    "av-digits": Asked("av-digits", "digit"),
    "icons": Asked("icons", "category", options=FEWER, note="33 classes: three fusions"),
    "icons-pretrained": Asked(
        "icons",
        "category",
        encoders={
            "glyph": ("statistics", "patches", "efficientnet"),
            "label": WORDS,
            "terms": WORDS,
        },
        options=FEWER,
        note="33 classes: three fusions",
    ),
    "easy-vqa": Asked(
        "easy-vqa",
        "answer",
        encoders={"image": ("statistics", "patches"), "question": ("tfidf", "words")},
        options=FEWER | {"folds": 3, "strategies": ("mean", "stacking", "early", "cross-attention")},
        note="48,248 rows: three folds, one network, over the cells of the picture and the words of the question",
    ),
    "watch": Asked("watch", "exercise"),
    "recipes-calories": Asked(
        "recipes", "calories", modalities=("steps=text:steps", "nutrients=tabular:protein,fat"), task="regression"
    ),
    "digits-6-views": Asked("digits", "digit"),
    "recipes-meal": Asked("recipes", "meal"),
    "reviews-recommended": Asked("reviews", "recommended", options=FEWER, note="22,642 rows: three fusions"),
    "reviews-rating": Asked("reviews", "rating", task="regression", options=FEWER, note="22,642 rows: three fusions"),
    "reviews-department": Asked(
        "reviews",
        "department",
        modalities=("review=text:title,text", "customer=tabular:age,feedback_count,division"),
        options=FEWER | {"drop_unlabelled": True},
        note="22,629 rows of six classes: three fusions",
    ),
}
