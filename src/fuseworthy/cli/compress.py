"""``fuseworthy compress``: smaller models, and what they lose."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def compress(
    model: Annotated[Path, typer.Argument(help="Folder of a model, as compare --model wrote it.")],
    table: Annotated[Path, typer.Argument(help="Table with the target, of rows that the model has not learned from.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="New or empty folder for note, report, facts and the candidates.")
    ],
    only: Annotated[
        str | None,
        typer.Option(
            help="Kinds or candidates, e.g. int8,pruned or distilled:review. "
            "Kinds: float32, int8, int8-weights, pruned, single, distilled."
        ),
    ] = None,
    group: Annotated[str | None, typer.Option(help="Rows with one value are not independent.")] = None,
    margin: Annotated[
        float, typer.Option(help="The loss that is just too much: nats a row, or a share of the target's variance.")
    ] = 0.01,
    folds: Annotated[int, typer.Option(help="Folds over which distilled candidates are scored.")] = 5,
    truth: Annotated[
        float, typer.Option(help="Share of the truth in what is taught; the rest is what the model answers.")
    ] = 0.25,
    keep_seen: Annotated[
        bool,
        typer.Option(
            "--keep-seen",
            help="Also score rows that hold what the model learned from: where few contents are possible, new rows equal old ones.",
        ),
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of folds, learners and the order of measurements.")] = 0,
    root: Annotated[Path | None, typer.Option(help="Folder that paths are relative to (the table's).")] = None,
) -> None:
    """Make a model smaller in several ways, and say of each what it costs and what it loses.

    Single precision, 8 bits, pruning, one modality, and distillation to a smaller fusion or to one modality that is taught by all of them. Each is scored on rows that the model has not learned from (those it has are left out and counted), in one ledger with the original: not inferior by the margin, inferior, or undecided, with size, latency and memory measured side by side. The report shows what nothing else beats, says what was lost and for whom, and recommends the smallest that is not inferior. Every candidate is written as an ONNX export.

    Example: fuseworthy compress runs/visits/model later-visits.parquet --out runs/visits/smaller
    """
    from fuseworthy.cli.bars import Bars
    from fuseworthy.cli.options import split_names
    from fuseworthy.deploy.compress import Wanted
    from fuseworthy.deploy.folder import load

    bars = Bars()
    wanted = Wanted(
        only=split_names(only) if only else None,
        group=group,
        margin=margin,
        folds=folds,
        truth=truth,
        random_state=seed,
        keep_seen=keep_seen,
    )
    try:
        found = load(model).compress(table, out, wanted, root=root, on_step=bars.say)
    except KeyboardInterrupt:
        bars.say("Stopped; nothing was written.")
        raise typer.Exit(130) from None
    for line in found.facts["question"]["notices"]:
        bars.say(line)
    for own in found.facts["left_out"]:
        bars.say(f"left out: {own['name']}: {own['reason']}")
    for line in found.lines():
        typer.echo(line)
    typer.echo(f"note    {out}/note.md\nreport  {out}/report.html")
