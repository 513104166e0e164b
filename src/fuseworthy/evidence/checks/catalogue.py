"""Every rule, in the order of its code."""

from __future__ import annotations

from fuseworthy.evidence.checks.rule import Check, Evidence, Result, result_of

CHECKS: tuple[Check, ...] = ()


def run_checks(evidence: Evidence) -> list[Result]:
    """Look at the evidence with every rule."""
    return [result_of(check, evidence) for check in CHECKS]
