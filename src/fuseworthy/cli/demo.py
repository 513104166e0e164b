"""``fuseworthy demo``: real data, two questions, two different verdicts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the two runs.")] = Path("runs/demo"),
    jobs: Annotated[int | None, typer.Option(help="Worker processes.")] = None,
) -> None:
    """Answer two real questions with two different verdicts.

    Recipes: which meal is it, from the name, the steps and the nutrients? Reviews: does a customer recommend the garment, from the words and the customer's data? The data come from pinned packages, checked by hash.
    """
    import time

    from fuseworthy.cli.screen import Screen, show_paths, show_study
    from fuseworthy.inputs.modality import Tabular, Text
    from fuseworthy.study.question import Options, Question
    from fuseworthy.study.run import run_study

    questions = {
        "recipes": Question(
            target="meal",
            id="id",
            repeats=1,
            modalities={
                "name": Text("name"),
                "steps": Text("steps"),
                "nutrients": Tabular("calories", "protein", "fat", "carbs"),
            },
        ),
        "reviews": Question(
            target="recommended",
            id="id",
            repeats=1,
            anyway=True,  # the probes would stop here; the demo shows what the fusions would have done
            modalities={
                "review": Text("title", "text"),
                "customer": Tabular("age", "feedback_count", "division", "department", "class_name"),
            },
        ),
    }
    start, studies, screen = time.monotonic(), {}, Screen()
    for name, question in questions.items():
        from fuseworthy import datasets

        screen.say(f"\nfetching {name}: {datasets.SETS[name].description}")
        table = datasets.load(name)
        try:
            studies[name] = run_study(table, question, Options(out / name, jobs=jobs, name=name), screen)
        except KeyboardInterrupt:
            screen.end()
            screen.say(f"Stopped. What is done is kept in {out}; the same command goes on from there.")
            raise typer.Exit(130) from None
        finally:
            screen.end()
        show_study(studies[name].facts, str(studies[name].verdict))
        show_paths([("note", f"{out}/{name}/note.md"), ("report", f"{out}/{name}/report.html")])
    _compare_ends(studies, time.monotonic() - start)


def _compare_ends(studies: dict, seconds: float) -> None:  # type: ignore[type-arg]
    print(f"\nTwo questions, {seconds:.0f} s:")
    for name, study in studies.items():
        verdict = study.verdict
        print(
            f"  {name:8s} {verdict.outcome:14s} {verdict.headline.metric} {verdict.headline.single:.3f} alone, "
            f"{verdict.headline.fusion:.3f} fused; deploy {verdict.deploy}"
        )
    rows = {row["name"]: row for row in studies["reviews"].facts["strategies"]}
    mean, single = rows["mean"], rows[studies["reviews"].verdict.best_single]
    print(
        f"  A plain mean of the reviews' two modalities: log-loss {mean['loss_before']:.3f} against {single['loss']:.3f} "
        f"alone; recalibrated {mean['loss']:.3f} (gain {mean['gain']:+.4f}, {mean['low']:+.4f} to {mean['high']:+.4f})"
    )
    print(
        "\nNow your own data:\n  fuseworthy inspect TABLE --target COLUMN\n  fuseworthy compare TABLE --target COLUMN"
    )
