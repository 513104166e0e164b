"""An inspection as plain text of at most 100 columns: what is wrong first, then what would be used as what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fuseworthy.inspection.inspection import Inspection

WIDTH, MOST = 98, 24


def describe(seen: Inspection) -> str:
    """The whole inspection."""
    sections = (
        ("Problems", _problems(seen)),
        ("Target", _target(seen)),
        ("Modalities", _modalities(seen)),
        ("Columns", _columns(seen)),
        ("Present together", _patterns(seen)),
        ("Pairing", _pairing(seen)),
        ("Missing", _missing(seen)),
        ("Repeated", _repeated(seen)),
        ("Single columns that tell the target", _suspects(seen)),
        ("Groups", _groups(seen)),
        ("Folds", _split(seen)),
        ("Read", (line for notice in seen.notices for line in _wrapped(notice))),
    )
    lines = [_clip(f"{seen.source}: {seen.rows:,} rows, {len(seen.columns):,} columns")]
    for title, body in sections:
        if shown := list(body):
            lines += ["", title, *("  " + _clip(line, WIDTH - 2) for line in shown)]
    return "\n".join(lines)


def _problems(seen: Inspection) -> Iterator[str]:
    if not seen.problems:
        yield "none found"
    for problem in seen.problems:
        yield from _wrapped(f"{problem.severity}: {problem.title}")
        yield from _wrapped(f"{problem.finding} {problem.advice}".strip(), "    ")


def _target(seen: Inspection) -> Iterator[str]:
    target = seen.target
    if target is None:
        yield "none given: classes, leakage and folds are not looked at"
        return
    yield f"{target.column}: {target.kind} ({target.reason})"
    counts = sorted(target.counts.items(), key=lambda item: -item[1])
    shown = [f"{label} {count:,} ({count / seen.rows:.1%})" for label, count in counts[:MOST]]
    shown += [f"{len(counts) - MOST} more classes"] if len(counts) > MOST else []
    shown += [f"{name} {value:.4g}" for name, value in target.quantiles.items()]
    yield from _wrapped(", ".join(shown))
    if target.missing:
        yield f"missing in {target.missing:,} further rows"


def _modalities(seen: Inspection) -> Iterator[str]:
    for m in seen.modalities:
        columns = ", ".join(m.columns[:12]) + (f" and {len(m.columns) - 12} more" if len(m.columns) > 12 else "")
        yield from _wrapped(f"{m.name}: {m.kind}, in {m.present / seen.rows:.1%} of rows; {columns} ({m.reason})")


def _columns(seen: Inspection) -> Iterator[str]:
    rows = [(c.name, c.modality or "-", c.role, c.reason) for c in seen.columns]
    yield from _table(("column", "modality", "read as", "because"), rows)


def _patterns(seen: Inspection) -> Iterator[str]:
    if len(seen.patterns) < 2:
        return
    rows = []
    for entry in seen.patterns:
        target = list(entry.get("target", {}).items())
        told = target[1:] if len(target) == 2 else sorted(target, key=lambda item: -item[1])[:3]
        says = ", ".join(f"{label} {share:.3g}" for label, share in told)
        rows.append((entry["pattern"], f"{entry['rows']:,}", f"{entry['share']:.1%}", says))
    yield from _table(("modalities", "rows", "share", "target there"), rows)


def _pairing(seen: Inspection) -> Iterator[str]:
    for pair in seen.pairing:
        name = " and ".join(pair.modalities)
        if pair.aligned is None:
            yield from _wrapped(f"{name}: too few rows have both to tell ({pair.rows:,})")
            continue
        says = {
            "linked": "linked, and paired rightly as far as can be seen",
            "no link": "no measurable link between them, so a wrong join would not be seen",
            "misjoined": "MIS-JOINED, see the problems",
        }[pair.state]
        if pair.state == "linked" and not pair.identifying:
            says += "; the link is too loose to see single rows that are swapped"
        yield from _wrapped(
            f"{name}: {says} (held-out correlation {pair.aligned:.2f} over {pair.rows:,} rows; 99 % of shuffles stay below "
            f"{pair.chance:.2f})"
        )


def _missing(seen: Inspection) -> Iterator[str]:
    rows = []
    for item in seen.missing:
        if item.rows:
            says = "" if item.auc is None else f"{item.auc:.2f}" + (f" for {item.label}" if item.label else "")
            kind = "modality" if item.is_modality else "column"
            rows.append((f"{kind} {item.name}", f"{item.rows:,}", f"{item.rows / seen.rows:.1%}", says))
    yield from _table(("what", "rows", "share", "AUC of being missing"), rows) if rows else ()


def _repeated(seen: Inspection) -> Iterator[str]:
    differing = f", {seen.copies.differing_rows:,} in sets with different targets" if seen.target else ""
    yield f"{seen.copies.rows:,} rows repeat an earlier row in every column used{differing}"
    for found in seen.texts:
        yield from _wrapped(
            f"{found.modality}: {found.exact:,} texts repeat an earlier one exactly, {found.near:,} more but for case, "
            "white space or punctuation (texts of 20 letters and more)"
        )


def _suspects(seen: Inspection) -> Iterator[str]:
    how = [", ".join(part for part in (s.through, s.how) if part) for s in seen.suspects]
    rows = [(s.column, f"{s.score:.3f}", s.measure, s.use, how[i]) for i, s in enumerate(seen.suspects)]
    yield from _table(("column", "score", "measure", "use", "how"), rows) if rows else ()


def _groups(seen: Inspection) -> Iterator[str]:
    if seen.groups is not None:
        g = seen.groups
        yield from _wrapped(
            f"{g.column}: {g.count:,} groups of {g.smallest:,} to {g.largest:,} rows (median {g.median:g})"
            + (
                f"; the target varies within {g.varying:,} of the {g.several:,} that have two rows or more"
                if g.varying is not None
                else ""
            )
        )
    for hint in seen.hints:
        alike = "" if hint.likeness is None else f", targets alike {hint.likeness:.2f} (0 chance, 1 always)"
        yield from _wrapped(f"{hint.column} could be one: {hint.values:,} values, {hint.rows:,} rows share one{alike}")


def _split(seen: Inspection) -> Iterator[str]:
    split = seen.split
    if split is None:
        return
    times = "once" if split.repeats == 1 else f"{split.repeats} times"
    yield (
        f"{split.folds} folds, {times}, {split.kind}; {split.scored:,} rows scored, {split.units:,} independent units"
    )
    yield from _wrapped(
        "no verdict is possible: " + "; ".join(split.refusals) if split.refusals else "a verdict is possible"
    )
    if split.detectable is not None:
        yield from _wrapped(
            f"a gain of about {split.detectable:.3f} nats a row would be found 8 times in 10 (2.49 x 0.4 / "
            f"sqrt({split.units:,}), assuming that two good models differ by 0.4 nats from row to row)"
        )


def _wrapped(text: str, indent: str = "") -> list[str]:
    return wrap(text, WIDTH - 2, initial_indent=indent, subsequent_indent=indent or "  ") or [""]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns side by side and long cells cut, the last column takes what is left."""
    shown = [tuple(" ".join(str(cell).split()) for cell in row) for row in rows[:MOST]]
    widths = [min(30, max(len(row[i]) for row in (head, *shown))) for i in range(len(head) - 1)]
    for row in (head, *shown):
        cells = [_clip(cell, width).ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield "  ".join([*cells, row[-1]]).rstrip()
    if len(rows) > MOST:
        yield f"and {len(rows) - MOST:,} more"


def _clip(text: str, width: int = WIDTH) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
