"""The result of a comparison or a judgement, to look at, to read and to hand on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fuseworthy.durable import write_bytes, write_json
from fuseworthy.errors import StudyError
from fuseworthy.evidence.outcome import Verdict
from fuseworthy.ledger import FUSION_FAMILIES, Ledger

if TYPE_CHECKING:
    from fuseworthy.deploy.model import Model
    from fuseworthy.report.plots import (
        AbstentionDisplay,
        AttributionDisplay,
        CalibrationDisplay,
        ChecksDisplay,
        CostsDisplay,
        DecompositionDisplay,
        DominanceDisplay,
        GainsDisplay,
        HeadroomDisplay,
        MissingDisplay,
        RescueDisplay,
        SlicesDisplay,
        WeightsDisplay,
    )


@dataclass(frozen=True, repr=False)
class Study:
    """Singles, fusions and the verdict on them.

    Parameters
    ----------
    ledger : Ledger
        Out-of-fold predictions of every strategy.
    verdict : Verdict
    facts : dict
        Everything the note and the report say, as data.
    folder : Path or None
        The run on disk, if it was asked to be kept.
    failed : tuple of str
        Strategies that could not be fitted, with the reason.
    refit : callable, optional
        Fits what the study recommends on all rows; not of given predictions.
    """

    ledger: Ledger
    verdict: Verdict
    facts: dict[str, Any]
    folder: Path | None = None
    failed: tuple[str, ...] = ()
    refit: Callable[[Study, str], Model] | None = None

    def deploy(self, strategy: str | None = None) -> Model:
        """Fit what the study recommends, a fusion or the best single, on all rows.

        The model answers rows with any of their modalities by the routes that the study measured, says what each modality
        alone would have said, and abstains below the study's threshold.

        Parameters
        ----------
        strategy : str, optional
            Another single or fusion of the study instead; the model card says that it is not the one recommended.

        Raises
        ------
        StudyError
            The study was made from given predictions, or decided on several labels; or it has no such strategy.
        """
        if self.refit is None:
            raise StudyError(
                "a study must have trained its strategies to deploy one, but this one judged given predictions. Deploy the "
                f"model behind {self.verdict.deploy!r}, or compare the table itself."
            )
        return self.refit(self, strategy or self.verdict.deploy)

    def note(self, *, timings: bool = False) -> str:
        """The fusion note in Markdown; ``timings=True`` adds the table of seconds, which vary from run to run."""
        from fuseworthy.report.note import render_note

        return render_note(self.facts, timings=timings)

    def report(self, path: str | Path | None = None) -> str:
        """The report as one self-contained HTML page; written to ``path`` if given."""
        from fuseworthy.report.page import render_page

        page = render_page(self.facts)
        if path is not None:
            write_bytes(Path(path), page.encode())
        return page

    def gains(self) -> GainsDisplay:
        """Every fusion's gain over the best single."""
        from fuseworthy.report.plots import GainsDisplay

        rows = [row for row in self.facts["strategies"] if row["family"] in FUSION_FAMILIES]
        rows.sort(key=lambda row: row["loss"])
        return GainsDisplay({"rows": rows, "margin": self.verdict.margin, "loss": self.verdict.loss})

    def headroom(self) -> HeadroomDisplay:
        """What was left to gain over the best single, before fusing in earnest."""
        from fuseworthy.report.plots import HeadroomDisplay

        return HeadroomDisplay(self._measured("headroom", "no probe was fitted: predictions were given"))

    def attribution(self) -> AttributionDisplay:
        """What each modality is worth, and what the fusion relies on."""
        from fuseworthy.report.plots import AttributionDisplay

        why = "no subset of modalities was trained (given predictions, attribution=False, or stopped early)"
        return AttributionDisplay(self._measured("attribution", why))

    def decomposition(self) -> DecompositionDisplay:
        """Redundant, unique and synergistic information of two modalities."""
        from fuseworthy.report.plots import DecompositionDisplay

        return DecompositionDisplay(self._measured("decomposition", "it was not asked for: pass decompose=True"))

    def weights(self) -> WeightsDisplay:
        """Where networks look: the share of gates or attention that each modality gets, beside its value."""
        from fuseworthy.report.plots import WeightsDisplay

        return WeightsDisplay(self._measured("weights", "no network with weights was trained"))

    def dominance(self) -> DominanceDisplay:
        """Whether training the modalities together costs something, and whether a remedy helps."""
        from fuseworthy.report.plots import DominanceDisplay

        return DominanceDisplay(self._measured("dominance", "no network 'concat' was trained beside 'stacking'"))

    def missing(self) -> MissingDisplay:
        """The fusion with fewer modalities: every subset, the router's choice, and how much may be missing."""
        from fuseworthy.report.plots import MissingDisplay

        why = (
            "no fusion was asked without some (given predictions, several labels, attribution=False, or stopped early)"
        )
        return MissingDisplay(self._measured("missing", why))

    def rescue(self) -> RescueDisplay:
        """Rows rescued and harmed, against the best single of every modality; ``frame()`` names the rows."""
        from fuseworthy.evidence.rescue import changed_rows
        from fuseworthy.report.plots import RescueDisplay

        changed = changed_rows(self.ledger, self.verdict.best_single, self.verdict.best_fusion)
        return RescueDisplay({"matrices": self.facts["rescue_by_modality"], "changed": changed})

    def slices(self) -> SlicesDisplay:
        """Where fusion rescues and where it harms, confirmed on rows that did not find it."""
        from fuseworthy.report.plots import SlicesDisplay

        return SlicesDisplay(self.facts["slices"])

    def calibration(self) -> CalibrationDisplay:
        """Reliability, comparability of the modalities' scales, and calibration lost, recoverable or kept."""
        from fuseworthy.report.plots import CalibrationDisplay

        parts = {"curves": self.facts["calibration"], "scales": self.facts["scales"], "pools": self.facts["pools"]}
        return CalibrationDisplay(parts | {"probabilities": self.ledger.task.is_classification})

    def abstention(self, error: float | None = None, *, sureness: float = 0.9) -> AbstentionDisplay:
        """Error against coverage, and the certainty from which on a stated error holds.

        Parameters
        ----------
        error : float, optional
            Largest error among the rows kept; half of the best single's if left out.
        sureness : float
            Probability with which it holds.

        Raises
        ------
        StudyError
            The target is a number: there is no certainty to sort rows by.
        """
        from fuseworthy.evidence.abstention import abstention_facts
        from fuseworthy.report.plots import AbstentionDisplay

        found = abstention_facts(self.ledger, self.verdict.best_single, self.verdict.best_fusion, error, sureness)
        if found is None:
            raise StudyError("abstention needs a target with classes, but this one is a number.")
        return AbstentionDisplay(found)

    def costs(self) -> CostsDisplay:
        """Loss against cost, and what nothing else beats at its price."""
        from fuseworthy.report.plots import CostsDisplay

        return CostsDisplay(self._measured("costs", "costs of given predictions are not known"))

    def checks(self) -> ChecksDisplay:
        """Named pitfalls: those that fired, and those that do not apply, with reasons."""
        from fuseworthy.report.plots import ChecksDisplay

        return ChecksDisplay({"rows": self.facts["checks"]})

    def _measured(self, key: str, why: str) -> dict[str, Any]:
        facts: dict[str, Any] | None = self.facts.get(key)
        if facts is None:
            raise StudyError(f"{key} must be measured to be shown, but {why}.")
        return facts

    def write(self, folder: Path) -> None:
        """Write ``verdict.json``, ``facts.json``, ``note.md`` and ``report.html`` into a folder."""
        write_json(folder / "verdict.json", self.verdict.to_dict())
        write_json(folder / "facts.json", self.facts)
        write_bytes(folder / "note.md", self.note().encode())
        write_bytes(folder / "report.html", self.report().encode())

    def to_dict(self) -> dict[str, Any]:
        """The facts behind note and report."""
        return self.facts

    def __repr__(self) -> str:
        from fuseworthy.report.summary import render_text

        return render_text(self.facts)

    def _repr_html_(self) -> str:
        from fuseworthy.report.summary import render_fragment

        return render_fragment(self.facts)
