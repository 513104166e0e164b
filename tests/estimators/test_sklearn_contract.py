"""Every estimator keeps scikit-learn's contract, whatever its strategy."""

import pytest
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks
from three_kinds import one_setting_each

import fuseworthy as fw
from fuseworthy.strategies.families import FAMILIES

ALL = [
    fw.FusionClassifier(),
    fw.FusionRegressor(),
    fw.LateFusionClassifier(),
    fw.LateFusionRegressor(),
    fw.EarlyFusionClassifier(),
    fw.EarlyFusionRegressor(),
    fw.NetworkFusionClassifier(network="concat"),
    fw.NetworkFusionRegressor(network="concat"),
]
AS_THEY_COME = dict(FAMILIES)


@pytest.fixture(scope="module", autouse=True)
def quick_families():
    with one_setting_each():
        yield


@parametrize_with_checks(ALL)
def test_it_keeps_the_contract(estimator, check):
    check(estimator)


@pytest.mark.slow
@pytest.mark.parametrize(
    "estimator", [*ALL, fw.EarlyFusionClassifier(learner="boosting"), fw.EarlyFusionRegressor(learner="boosting")]
)
def test_it_keeps_the_contract_with_the_whole_tuning_budget(estimator, monkeypatch):
    for view, families in AS_THEY_COME.items():
        monkeypatch.setitem(FAMILIES, view, families)
    check_estimator(estimator, on_skip=None)
