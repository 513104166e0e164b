"""The table of real data sets: what each is, what to predict, and how its columns are read."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class KnownSet:
    """What one real data set is, and the function that loads it.

    Parameters
    ----------
    loader : callable
        Gives the table; fetches the package at the first call.
    description, licence : str
        A line each.
    targets : tuple of str
        Columns to predict, the usual one first; empty if there is nothing to predict.
    rows : int
        Rows of the loaded table.
    modalities : tuple of str
        How to read the columns for the usual target, each as ``NAME=KIND:COLUMN,COLUMN``.
    group : str, optional
        Column of rows that belong together.
    task : str, optional
        If it cannot be told from the usual target.
    files : callable, optional
        Gives path and content of each file that the table names.
    """

    loader: Callable[[], pa.Table]
    description: str
    licence: str
    targets: tuple[str, ...]
    rows: int
    modalities: tuple[str, ...] = ()
    group: str | None = None
    task: str | None = None
    files: Callable[[], Iterator[tuple[str, bytes]]] | None = None

    def command(self, table: str | PurePath) -> str | None:
        """The command that compares what can be done with the unpacked set; None if there is nothing to predict.

        Examples
        --------
        >>> SETS["movies"].command("films/table.parquet").split(" --modality")[0]
        'fuseworthy compare films/table.parquet --target rating --id id --task regression'
        """
        if not self.targets:
            return None
        words = ["fuseworthy", "compare", str(table), "--target", self.targets[0], "--id", "id"]
        words += ["--group", self.group] if self.group else []
        words += ["--task", self.task] if self.task else []
        return shlex.join(words + [word for spelled in self.modalities for word in ("--modality", spelled)])


def _recipes() -> pa.Table:
    from .recipes import load_recipes

    return load_recipes()


def _reviews() -> pa.Table:
    from .reviews import load_reviews

    return load_reviews()


def _digits() -> pa.Table:
    from .digits import load_digits

    return load_digits()


def _easy_vqa() -> pa.Table:
    from .easy_vqa import load_easy_vqa

    return load_easy_vqa()


def _easy_vqa_files() -> Iterator[tuple[str, bytes]]:
    from .easy_vqa import easy_vqa_files

    return easy_vqa_files()


def _icons() -> pa.Table:
    from .icons import load_icons

    return load_icons()


def _icon_files() -> Iterator[tuple[str, bytes]]:
    from .icons import icon_files

    return icon_files()


def _av_digits() -> pa.Table:
    from .av_digits import load_av_digits

    return load_av_digits()


def _av_digit_files() -> Iterator[tuple[str, bytes]]:
    from .av_digits import av_digit_files

    return av_digit_files()


def _movies() -> pa.Table:
    from .movies import load_movies

    return load_movies()


def _watch(seconds: int) -> Callable[[], pa.Table]:
    def loader() -> pa.Table:
        from .watch import load_watch

        return load_watch(seconds=seconds)

    return loader


def _clip() -> pa.Table:
    from .clip import load_clip

    return load_clip()


def _clip_files() -> Iterator[tuple[str, bytes]]:
    from .clip import clip_files

    return clip_files()


WORN = ("accelerometer=series:accelerometer", "gyroscope=series:gyroscope", "side=tabular:side")

SETS: dict[str, KnownSet] = {
    "recipes": KnownSet(
        loader=_recipes,
        description="dish names, cooking steps, ingredients and nutrition (English)",
        licence="MIT",
        targets=("meal", "calories"),
        rows=4407,
        modalities=("name=text:name", "steps=text:steps", "nutrients=tabular:calories,protein,fat,carbs"),
    ),
    "reviews": KnownSet(
        loader=_reviews,
        description="women's clothing reviews: title, text, customer and item",
        licence="package Apache-2.0 and MIT; the data is said to be CC0",
        targets=("recommended", "department", "rating"),
        rows=22642,
        modalities=(
            "review=text:title,text",
            "customer=tabular:age,feedback_count,division,department,class_name",
        ),
    ),
    "digits": KnownSet(
        loader=_digits,
        description="handwritten numerals through six sets of features (UCI multiple features)",
        licence="data CC BY 4.0; package MIT",
        targets=("digit",),
        rows=2000,
        modalities=tuple(f"{view}=embedding:{view}" for view in ("fac", "fou", "kar", "mor", "pix", "zer")),
        task="multiclass",
    ),
    "easy-vqa": KnownSet(
        loader=_easy_vqa,
        description="pictures of one coloured shape, and questions about them",
        licence="MIT",
        targets=("answer",),
        rows=48248,
        modalities=("image=image:image", "question=text:question"),
        group="scene",
        files=_easy_vqa_files,
    ),
    "icons": KnownSet(
        loader=_icons,
        description="icons: picture, name and search words (Font Awesome Free)",
        licence="icons CC BY 4.0, fonts SIL OFL 1.1, code MIT",
        targets=("category",),
        rows=1173,
        modalities=("glyph=image:glyph", "label=text:label", "terms=text:terms"),
        files=_icon_files,
    ),
    "av-digits": KnownSet(
        loader=_av_digits,
        description="spoilt pictures and noisy recordings of digits, paired by hand (semi-synthetic)",
        licence="BSD-3-Clause",
        targets=("digit",),
        rows=1797,
        modalities=("image=image:image", "sound=audio:sound"),
        task="multiclass",
        files=_av_digit_files,
    ),
    "movies": KnownSet(
        loader=_movies,
        description="films: title, people, genre, facts and box office, much of it naturally missing",
        licence="data CC0 (Wikidata); package BSD-3-Clause",
        targets=("rating",),
        rows=13426,
        modalities=(
            "title=text:title",
            "people=text:director,writer,cast",
            "genre=text:genre",
            "table=tabular:year,released,runtime,age_rating,language,country",
            "money=tabular:box_office",
        ),
        task="regression",
    ),
    "watch": KnownSet(
        loader=_watch(1),
        description="one-second windows of a watch's accelerometer and gyroscope during exercises",
        licence="BSD-3-Clause",
        targets=("exercise",),
        rows=4817,
        modalities=WORN,
        group="subject",
    ),
    "watch-3s": KnownSet(
        loader=_watch(3),
        description="the same recordings in windows of three seconds",
        licence="BSD-3-Clause",
        targets=("exercise",),
        rows=1560,
        modalities=WORN,
        group="subject",
    ),
    "clip": KnownSet(
        loader=_clip,
        description="five seconds of a film with sound, to try containers on; nothing to predict",
        licence="film CC BY 3.0 (Blender Foundation); package BSD-3-Clause",
        targets=(),
        rows=1,
        files=_clip_files,
    ),
}
