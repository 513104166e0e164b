"""``fuseworthy compare``: singles first, then every fusion, then the verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

COLUMNS = "What the columns are (inferred and shown if left out)"
ROWS = "Which rows belong together"
STUDY = "How much to try"
RUN = "Where and how it runs"


def complete_strategies(incomplete: str) -> list[str]:
    """Names that continue the last one typed, after a comma too."""
    from fuseworthy.strategies.catalogue import FUSIONS, GROUPS

    before, comma, last = incomplete.rpartition(",")
    return [before + comma + name for name in ("auto", *GROUPS, *FUSIONS) if name.startswith(last)]


def compare(
    table: Annotated[Path, typer.Argument(help="CSV, TSV, Parquet, JSON lines, Arrow or Feather file.")],
    target: Annotated[str, typer.Option("--target", "-t", help="Column to predict; several yes/no columns as a,b,c.")],
    text: Annotated[
        list[str] | None,
        typer.Option(help="Text columns a,b read as one document. May be repeated.", rich_help_panel=COLUMNS),
    ] = None,
    tabular: Annotated[
        list[str] | None, typer.Option(help="Numbers, categories, dates: c,d.", rich_help_panel=COLUMNS)
    ] = None,
    embedding: Annotated[
        list[str] | None,
        typer.Option(help="A column of equal-length vectors, or several number columns.", rich_help_panel=COLUMNS),
    ] = None,
    image: Annotated[
        list[str] | None, typer.Option(help="A column of pictures: paths, or bytes.", rich_help_panel=COLUMNS)
    ] = None,
    audio: Annotated[
        list[str] | None,
        typer.Option(help="A column of sound files, or of films with a sound track.", rich_help_panel=COLUMNS),
    ] = None,
    video: Annotated[list[str] | None, typer.Option(help="A column of film files.", rich_help_panel=COLUMNS)] = None,
    series: Annotated[
        list[str] | None,
        typer.Option(
            help="Columns of number lists x,y,z, a channel each; or one column of files.", rich_help_panel=COLUMNS
        ),
    ] = None,
    modality: Annotated[
        list[str] | None,
        typer.Option(help="NAME=KIND:COLUMN,COLUMN, e.g. review=text:title,body.", rich_help_panel=COLUMNS),
    ] = None,
    encoder: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=ENCODER,ENCODER, what a modality (or a kind of them) is read by: text=tfidf,words,minilm, "
            "image=statistics,patches,efficientnet, photo=hf:FOLDER. Each becomes singles of its own. May be repeated.",
            rich_help_panel=COLUMNS,
        ),
    ] = None,
    checksum: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=COLUMN, what the sha256 of each file of a modality must be. May be repeated.",
            rich_help_panel=COLUMNS,
        ),
    ] = None,
    root: Annotated[
        Path | None,
        typer.Option(
            help="Folder that paths are relative to and may not leave (the table's).", rich_help_panel=COLUMNS
        ),
    ] = None,
    max_unreadable: Annotated[
        float,
        typer.Option(
            help="Share of a modality's rows whose files may be unreadable; above it nothing runs.",
            rich_help_panel=COLUMNS,
        ),
    ] = 0.01,
    task: Annotated[str | None, typer.Option(help="binary, multiclass or regression.", rich_help_panel=COLUMNS)] = None,
    join: Annotated[
        list[Path] | None, typer.Option(help="Further table, joined by --on. May be repeated.", rich_help_panel=COLUMNS)
    ] = None,
    on: Annotated[
        list[str] | None,
        typer.Option(help="Key column of each --join (one for all, or one each).", rich_help_panel=COLUMNS),
    ] = None,
    files: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=KIND:PATTERN, files that belong to rows by name: photo=image:photos/{id}.png. May be repeated.",
            rich_help_panel=COLUMNS,
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(help="Rows with one value never split between training and scoring.", rich_help_panel=ROWS),
    ] = None,
    time: Annotated[str | None, typer.Option(help="Train on the past, score the future.", rich_help_panel=ROWS)] = None,
    id: Annotated[str | None, typer.Option(help="Key column, for naming rows.", rich_help_panel=ROWS)] = None,
    drop_unlabelled: Annotated[
        bool, typer.Option(help="Leave out rows without a target, counted.", rich_help_panel=ROWS)
    ] = False,
    metric: Annotated[
        str | None,
        typer.Option(
            help="Headline metric: auc, accuracy, balanced-accuracy, macro-f1, brier, log-loss, "
            "r2, mae. The verdict is decided on the log-loss or squared error.",
            rich_help_panel=STUDY,
        ),
    ] = None,
    margin: Annotated[
        float,
        typer.Option(
            help="Smallest gain worth a fusion's cost: nats a row, or share of the target's variance.",
            rich_help_panel=STUDY,
        ),
    ] = 0.01,
    worth: Annotated[
        str | None,
        typer.Option(
            help="The margin as a price: 0.5ms:0.002 asks for a gain of .002 for every half millisecond "
            "that a row takes longer. A plain number is a margin.",
            rich_help_panel=STUDY,
        ),
    ] = None,
    decide_on: Annotated[
        str | None,
        typer.Option(
            help="Decide on this metric instead, e.g. auc; --margin is then in its unit. Needs more rows.",
            rich_help_panel=STUDY,
        ),
    ] = None,
    anyway: Annotated[
        bool,
        typer.Option(help="Go on although the probes find that fusion is unlikely to pay.", rich_help_panel=STUDY),
    ] = False,
    attribution: Annotated[
        bool, typer.Option(help="Retrain without each modality, to say what each is worth.", rich_help_panel=STUDY)
    ] = True,
    decompose: Annotated[
        bool,
        typer.Option(help="Redundant, unique and synergistic information of two modalities.", rich_help_panel=STUDY),
    ] = False,
    slice: Annotated[
        list[str] | None,
        typer.Option(help="Column whose values are tested as slices first. May be repeated.", rich_help_panel=ROWS),
    ] = None,
    strategies: Annotated[
        str,
        typer.Option(
            help="auto (the cheap ones, and networks where rows and probes give reason), cheap, all, late, early, "
            "intermediate, attention, uncertainty, remedies, or names such as stacking,gated,hybrid:audio+video; "
            "your own as file.py:Name.",
            rich_help_panel=STUDY,
            autocompletion=complete_strategies,
        ),
    ] = "auto",
    tune_encoders: Annotated[
        bool,
        typer.Option(
            "--tune-encoders",
            help="Also train encoders with the fusion, end to end: transformers named by --encoder NAME=hf:FOLDER (by LoRA "
            "if peft is installed, else their last two layers), and a small network on pictures without one. Each is "
            "trained on its modality alone as well. Wants a GPU: without one it takes long.",
            rich_help_panel=STUDY,
        ),
    ] = False,
    folds: Annotated[int | None, typer.Option(help="Folds (5).", rich_help_panel=STUDY)] = None,
    repeats: Annotated[
        int | None,
        typer.Option(
            help="Repeats (5 below 2 000 rows, 2 below 20 000, else 1; 1 where many networks are asked for).",
            rich_help_panel=STUDY,
        ),
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option(help="Minutes after which no new work begins; whole repeats are kept.", rich_help_panel=STUDY),
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same ledger, byte for byte.", rich_help_panel=STUDY)] = 0,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Run folder (runs/TABLE-TARGET).", rich_help_panel=RUN)
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            help="Fit what is recommended on all rows, and keep it in this folder for fuseworthy predict.",
            rich_help_panel=RUN,
        ),
    ] = None,
    deploy: Annotated[
        str | None,
        typer.Option(help="With --model: this single or fusion instead of the one recommended.", rich_help_panel=RUN),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            help="Insist that the run folder holds this study already. A study that is "
            "there is gone on with in any case.",
            rich_help_panel=RUN,
        ),
    ] = False,
    jobs: Annotated[int | None, typer.Option(help="Worker processes.", rich_help_panel=RUN)] = None,
) -> None:
    """Compare every way to fuse with the best single modality, and decide.

    The strongest singles are built and shown first; then cheap probes of what is left to gain, and if there is nothing the study stops there (--anyway goes on); then late and early fusions, the controls, what explains the verdict, and networks where they are asked for or join, on the same rows, folds and metric. The run folder gets ledger, verdict, fusion note and report; a run that was stopped goes on where it was when the same command is given again.

    Example: fuseworthy compare reviews.parquet --target recommended --text title,text --tabular age,division
    """
    from fuseworthy.cli.options import (
        asked_with,
        default_folder,
        encoders_from,
        files_from,
        joins_from_words,
        modalities_from,
        plain_margin,
        price_only,
        require_model_folder,
        split_names,
        with_checksums,
    )
    from fuseworthy.cli.screen import Screen, show_paths, show_study
    from fuseworthy.study.question import Options, Question, joins_from
    from fuseworthy.study.run import run_study

    require_model_folder(model, deploy)
    joins = joins_from(joins_from_words(join or [], on or []))
    short = {"text": text, "tabular": tabular, "image": image, "audio": audio, "video": video, "series": series}
    short["embedding"] = embedding
    named, found = modalities_from(modality or [], short), files_from(files or [])
    with_checksums(checksum or [], named, found)
    question = Question(
        target=target,
        modalities=named,
        encoders=encoders_from(encoder or []),
        task=task,
        group=group,
        time=time,
        id=id,
        metric=metric,
        margin=plain_margin(worth, margin),
        worth=price_only(worth),
        decide_on=decide_on,
        anyway=anyway,
        attribution=attribution,
        decompose=decompose,
        slices=tuple(slice or ()),
        folds=folds,
        repeats=repeats,
        strategies=split_names(strategies),
        tune_encoders=tune_encoders,
        random_state=seed,
        drop_unlabelled=drop_unlabelled,
        files=found,
        root=root,
        max_unreadable=max_unreadable,
    )
    folder = out or default_folder(table, target)
    screen = Screen()
    try:
        study = run_study(
            table, question, Options(folder, budget, jobs, resume, joins, asked_with(), deploy=deploy), screen
        )
    except KeyboardInterrupt:
        screen.end()
        screen.say(f"Stopped. What is done is kept in {folder}; the same command goes on from there.")
        raise typer.Exit(130) from None
    finally:
        screen.end()
    show_study(study.facts, str(study.verdict))
    paths = [("note", f"{folder}/note.md"), ("report", f"{folder}/report.html"), ("ledger", f"{folder}/ledger/")]
    if model is not None:
        screen.say(f"fitting {deploy or study.verdict.deploy} on all rows")
        paths.append(("model", f"{study.deploy(deploy).save(model)}/"))
    show_paths(paths)
    if study.failed:
        screen.say(f"{len(study.failed)} strategies could not be fitted; see {folder}/log.jsonl")
        raise typer.Exit(3)
