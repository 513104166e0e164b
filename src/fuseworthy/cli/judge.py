"""``fuseworthy judge``: the verdict on predictions made elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def judge(
    predictions: Annotated[Path, typer.Argument(help="Table with the truth and a column of predictions a model.")],
    target: Annotated[
        str, typer.Option("--target", "-t", help="Column with the truth; several yes/no columns as a,b,c.")
    ],
    single: Annotated[
        list[str],
        typer.Option(
            help="NAME=COLUMN of a model on one modality, e.g. text=p_text; several "
            "models of one modality as text/bert=p_bert. Repeat for each."
        ),
    ],
    fusion: Annotated[list[str], typer.Option(help="NAME=COLUMN of a fusion. Repeat for each.")],
    row: Annotated[
        str | None, typer.Option(help="Column that tells which rows are the same in several repeats.")
    ] = None,
    repeat: Annotated[str | None, typer.Option(help="Column with the repeat.")] = None,
    fold: Annotated[
        str | None, typer.Option(help="Column with the fold. Without it the rows are one held-out set.")
    ] = None,
    group: Annotated[str | None, typer.Option(help="Rows with one value are not independent.")] = None,
    task: Annotated[str | None, typer.Option(help="binary, multiclass or regression.")] = None,
    metric: Annotated[str | None, typer.Option(help="Headline metric.")] = None,
    decide_on: Annotated[
        str | None, typer.Option(help="Decide on this metric instead of the log-loss or squared error.")
    ] = None,
    margin: Annotated[float, typer.Option(help="Smallest gain worth a fusion's cost.")] = 0.01,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for note, report and verdict.")] = None,
) -> None:
    """Give the same verdict on predictions made elsewhere; nothing is trained.

    Two classes: one column with the probability of the second class. Several classes: one column a class, named by a pattern such as 'p_text_*'; several targets: the same, one column a target. Regression: one column with the predicted value.

    Example: fuseworthy judge predictions.parquet --target y --single text=p_text --single table=p_table --fusion late=p_late
    """
    from fuseworthy.cli.screen import Screen, show_paths, show_study
    from fuseworthy.study.judge import Judgement, run_judgement

    ask = Judgement(
        target,
        _pairs(single, "single"),
        _pairs(fusion, "fusion"),
        row=row,
        repeat=repeat,
        fold=fold,
        group=group,
        margin=margin,
        metric=metric,
        task=task,
        decide_on=decide_on,
    )
    study = run_judgement(predictions, ask, out)
    show_study(study.facts, str(study.verdict))
    screen = Screen()
    for line in study.facts["notices"]:
        screen.say(line)
    if out:
        show_paths([("note", f"{out}/note.md"), ("report", f"{out}/report.html")])


def _pairs(words: list[str], role: str) -> dict[str, str]:
    from fuseworthy.errors import InputError

    pairs: dict[str, str] = {}
    for word in words:
        name, equals, column = word.partition("=")
        if not (name and equals and column):
            raise InputError(f"a {role} must be written NAME=COLUMN, but {word!r} came.")
        if name in pairs:
            raise InputError(f"names must differ, but --{role} {name!r} came twice.")
        pairs[name] = column
    return pairs
