"""Scores measured on rows, to hold announced ones against."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import multivariate_normal, rankdata

from fuseworthy.datasets.synthetic import RegressionScores, Scores

ROWS = 1_000_000


def auc_of(values, positive):
    """Area under the ROC curve, ties counting half."""
    ranks, count = rankdata(values), int(positive.sum())
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * (len(positive) - count)))


def scored(log_odds, y):
    """Measure the four scores of a posterior on rows."""
    loss = np.logaddexp(0, np.where(y == 1, -log_odds, log_odds))
    right = np.where(log_odds == 0, 0.5, (log_odds > 0) == (y == 1))
    brier = ((expit(log_odds) - y) ** 2).mean()
    return Scores(float(right.mean()), auc_of(log_odds, y == 1), float(loss.mean()), float(brier))


def scored_classes(p, y):
    """Measure the four scores of class probabilities (n, classes) on rows."""
    hot = np.eye(p.shape[1])[y]
    auc = np.mean([auc_of(p[:, c], y == c) for c in range(p.shape[1])])
    loss = -np.log(p[np.arange(len(y)), y]).mean()
    return Scores(float((p.argmax(1) == y).mean()), float(auc), float(loss), float(((p - hot) ** 2).sum(1).mean()))


def explained(prediction, y):
    """Measure R² on rows."""
    return RegressionScores(float(1 - np.mean((y - prediction) ** 2) / np.var(y)))


def slope_of(log_odds, y):
    """Fit the coefficient of a logistic regression of y on the log-odds alone, by Newton's method."""
    slope = 0.0
    for _ in range(30):
        p = expit(slope * log_odds)
        slope += (log_odds @ (y - p)) / ((p * (1 - p)) @ log_odds**2)
    return slope


def assert_close(found, announced, tolerance=0.002):
    names = [name for name in ("accuracy", "auc", "log_loss", "brier", "r2") if hasattr(announced, name)]
    for name in names:
        assert getattr(found, name) == pytest.approx(getattr(announced, name), abs=tolerance), name


def gaussian_log_odds(x, mean, covariance):
    """Bayes' rule from two normal densities with means ±`mean`."""
    mean = np.asarray(mean)
    return multivariate_normal.logpdf(x, mean, covariance) - multivariate_normal.logpdf(x, -mean, covariance)
