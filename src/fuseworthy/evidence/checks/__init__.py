"""Named pitfalls: each rule says whether a study fell into it, what was measured, and what to do."""

from fuseworthy.evidence.checks.catalogue import CHECKS, run_checks
from fuseworthy.evidence.checks.rule import Check, DoesNotApply, Evidence, Finding, Result

__all__ = ["CHECKS", "Check", "DoesNotApply", "Evidence", "Finding", "Result", "run_checks"]
