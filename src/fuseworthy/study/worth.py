"""The margin as a price: so much gain for so much more time."""

from __future__ import annotations

from collections.abc import Mapping

from fuseworthy.evidence.duel import simplest_first
from fuseworthy.evidence.policies import best_overall
from fuseworthy.ledger import Ledger
from fuseworthy.study.assemble import Costs
from fuseworthy.study.question import Question, price_of_time
from fuseworthy.task import Floats


def margin_of(
    ledger: Ledger,
    losses: Mapping[str, Floats],
    costs: Mapping[str, Costs],
    question: Question,
    notices: list[str],
) -> float:
    """The margin asked for; or the gain that pays for the time the best fusion takes beyond the best single.

    Times are measured, so a margin that is a price differs a little between runs; predictions do not.
    """
    price = price_of_time(question.worth)
    if price is None:
        return question.margin
    single, fusion = (best_overall(losses, simplest_first(ledger, kind=kind)) for kind in ("single", "fusion"))
    more = max(costs[fusion].predict_seconds - costs[single].predict_seconds, 0.0)  # seconds per 1 000 rows
    per, gain = price
    margin = float(f"{more / per * gain:.3g}")
    notices.append(
        f"the margin is a price: {fusion} takes {more:.3g} ms a row more than {single}, and {gain:g} is asked for every "
        f"{per:g} ms, so the margin is {margin:g}; times vary from run to run"
    )
    return margin
