"""Displays: each part of a study's explanation as data, as a frame and as a plot."""

from fuseworthy.report.plots.attribution import AttributionDisplay, DecompositionDisplay
from fuseworthy.report.plots.calibration import AbstentionDisplay, CalibrationDisplay
from fuseworthy.report.plots.checks import ChecksDisplay
from fuseworthy.report.plots.compressed import CompressedDisplay
from fuseworthy.report.plots.costs import CostsDisplay
from fuseworthy.report.plots.display import Display
from fuseworthy.report.plots.gains import GainsDisplay, HeadroomDisplay, SlicesDisplay
from fuseworthy.report.plots.missing import MissingDisplay
from fuseworthy.report.plots.networks import DominanceDisplay, WeightsDisplay
from fuseworthy.report.plots.rescue import RescueDisplay

__all__ = [
    "AbstentionDisplay",
    "AttributionDisplay",
    "CalibrationDisplay",
    "ChecksDisplay",
    "CompressedDisplay",
    "CostsDisplay",
    "DecompositionDisplay",
    "Display",
    "DominanceDisplay",
    "GainsDisplay",
    "HeadroomDisplay",
    "MissingDisplay",
    "RescueDisplay",
    "SlicesDisplay",
    "WeightsDisplay",
]
