"""The study as a table of words, for the terminal and for Markdown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fuseworthy.selftest.targets import MEASURES

HEAD = (
    "setting",
    "n",
    "runs",
    "true gain",
    "false FUSE",
    "false claim",
    "false “keep”",
    "low ≤ truth",
    "power",
    "bias",
    "refused",
    "",
)


def cells(record: Mapping[str, Any]) -> list[str]:
    """One setting in words, from a flat record (`SelfTest.records`).

    A claim is FUSE or SUPERIOR_UNPROVEN; with several labels that of any label that gains nothing counts. "Keep" is
    EQUIVALENT, NOT_WORTH_IT or HARMFUL. Numbers of which nothing is promised, because most data sets are refused a verdict, stand in brackets.
    """
    claim = "false_label" if record["false_label"] is not None else "false_claim"
    return [
        record["setting"],
        f"{record['rows']:,}",
        str(record["runs"]),
        f"{record['truth']:+.4f}",
        _share(record, "false_fuse"),
        _share(record, claim),
        _share(record, "false_single"),
        _share(record, "coverage"),
        _share(record, "power"),
        _bracket(record, "bias", f"{record['bias']:+.4f} ± {record['bias_error']:.4f}"),
        f"{record['refused']:.0%}" if record["refused"] else "",
        "pass" if record["passed"] else "FAIL: " + ", ".join(missed(record)),
    ]


def missed(record: Mapping[str, Any]) -> list[str]:
    """Names of what misses its target."""
    return [name.replace("_", " ") for name in MEASURES if record[f"{name}_passed"] is False]


def markdown(records: Sequence[Mapping[str, Any]]) -> str:
    """A Markdown table with a line in bold for each family."""
    lines = ["| " + " | ".join(HEAD) + " |", "|---" + "|--:" * (len(HEAD) - 2) + "|---|"]
    family = None
    for record in records:
        if record["family"] != family:
            family = record["family"]
            lines.append(f"| **{family}**" + " |" * len(HEAD))
        lines.append("| " + " | ".join(cells(record)) + " |")
    return "\n".join(lines)


def closing(records: Sequence[Mapping[str, Any]]) -> str:
    """One sentence: how many settings keep their targets, and which do not."""
    bad = [f"{r['setting']} (n={r['rows']:,}: {', '.join(missed(r))})" for r in records if not r["passed"]]
    runs = sum(int(r["runs"]) for r in records)
    if not bad:
        return f"All {len(records)} settings keep their targets, over {runs:,} data sets with a known truth."
    return f"{len(bad)} of {len(records)} settings miss a target, over {runs:,} data sets: {'; '.join(bad)}."


def worst(records: Sequence[Mapping[str, Any]]) -> str:
    """A Markdown table of each family's worst case."""
    head = ("family", "settings", *HEAD[4:10], "missed")
    lines = ["| " + " | ".join(head) + " |", "|---" + "|--:" * (len(head) - 1) + "|"]
    for family in dict.fromkeys(r["family"] for r in records):
        own = [r for r in records if r["family"] == family]
        promised = [r for r in own if r["coverage_limit"] is not None]
        shares = (
            _extreme(own, max, "false_fuse"),
            _extreme(own, max, "false_claim", "false_label"),
            _extreme(own, max, "false_single"),
            _extreme(promised, min, "coverage"),
            _extreme(own, min, "power"),
        )
        bias = max((r["bias"] for r in promised), key=abs, default=0.0)
        failed = sum(not r["passed"] for r in own)
        lines.append(f"| {family} | {len(own)} | {' | '.join(shares)} | {bias:+.4f} | {failed or ''} |")
    return "\n".join(lines)


def _extreme(records: Sequence[Mapping[str, Any]], choose: Callable[[list[float]], float], *names: str) -> str:
    found = [r[name] for r in records for name in names if r[name] is not None]
    return f"{100 * choose(found):.1f} %" if found else ""


def _share(record: Mapping[str, Any], name: str) -> str:
    if record[name] is None:
        return ""
    return _bracket(record, name, f"{100 * record[name]:.1f} ± {100 * record[f'{name}_error']:.1f} %")


def _bracket(record: Mapping[str, Any], name: str, text: str) -> str:
    return f"({text})" if record[f"{name}_limit"] is None else text
