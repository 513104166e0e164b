"""Which fusions are tried: what is asked for, as far as it can be, and what may join."""

import sys

import pytest
from sklearn.linear_model import LogisticRegression

from fuseworthy.errors import InputError, MissingExtraError
from fuseworthy.strategies.catalogue import EARLY, GROUPS, LATE, NEURAL, NEURAL_FAMILIES, REMEDIES, VOTES
from fuseworthy.study.fusions import AUTO, FEWEST_ROWS, has_torch, joining_networks, settle_fusions
from fuseworthy.task import Task

BINARY, NUMBER = Task("binary", ("no", "yes")), Task("regression", variance=1.0)
CHEAP = [*LATE, *EARLY]


def settle(*asked, task=BINARY, modalities=("a", "b", "c"), rows=5000):
    return settle_fusions(asked or None, task, modalities, rows)


@pytest.fixture
def no_torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)


@pytest.mark.parametrize("asked", [(), ("auto",)])
def test_left_to_itself_a_study_tries_the_cheap_fusions_and_networks_may_join(asked):
    found = settle(*asked)
    assert found.names == CHEAP
    assert found.candidates == [*AUTO, *REMEDIES]
    assert not found.notices


def test_few_rows_have_no_candidates():
    assert settle(rows=FEWEST_ROWS // 2 - 1).candidates == []
    assert settle(rows=FEWEST_ROWS // 2).candidates


def test_all_is_every_fusion_and_remedies_come_where_they_are_needed():
    found = settle("all")
    assert found.names == [*CHEAP, *(n for n in NEURAL if n not in REMEDIES)]
    assert found.candidates == list(REMEDIES)


@pytest.mark.parametrize("group", ["late", "early", "cheap", "remedies", *NEURAL_FAMILIES])
def test_a_group_is_its_members_in_order_of_complexity(group):
    found = settle(group)
    assert found.names == [n for n in (*CHEAP, *NEURAL) if n in GROUPS[group]]
    assert found.candidates == []


def test_names_groups_and_pairs_can_be_mixed_and_each_is_tried_once():
    assert settle("gated", "late", "mean", "hybrid:c+a").names == [*LATE, "gated", "hybrid:c+a"]


@pytest.mark.parametrize("asked", [("auto", "gated", "concat-pareto"), ("gated", "concat-pareto", "auto")])
def test_what_was_asked_for_does_not_join_once_more(asked):
    found = settle(*asked)
    assert {"gated", "concat-pareto"} <= set(found.names)
    assert not {"gated", "concat-pareto"} & set(found.candidates)
    assert settle("all", "auto").candidates == settle("auto", "all").candidates == list(REMEDIES)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("gatde", "'gatde' came: the nearest is 'gated'"),
        ("attentoin", "the nearest is 'attention'"),
        ("zzz", "there are"),
    ],
)
def test_an_unknown_name_says_which_was_meant(asked, message):
    with pytest.raises(InputError, match=message):
        settle(asked)


@pytest.mark.parametrize(
    ("asked", "modalities", "message"),
    [
        ("hybrid", ("a", "b"), "hybrid needs three modalities or more"),
        ("hybrid:a+b", ("a", "b"), "needs three modalities or more"),
        ("hybrid:a+d", ("a", "b", "c"), "names 'd', but the modalities are a, b, c"),
        ("hybrid:a", ("a", "b", "c"), "must name two modalities or more, and leave others"),
        ("hybrid:a+a", ("a", "b", "c"), "must name two modalities or more, and leave others"),
        ("hybrid:a+b+c", ("a", "b", "c"), "must name two modalities or more, and leave others"),
        ("tensor", tuple("abcdefg"), "too many for 7 modalities"),
    ],
)
def test_a_network_that_cannot_be_tried_is_refused_by_name_before_anything_trains(asked, modalities, message):
    with pytest.raises(InputError, match=message):
        settle(asked, modalities=modalities)


def test_in_a_group_what_cannot_be_tried_is_left_out_with_a_notice():
    found = settle("all", modalities=("a", "b"))
    assert "hybrid" not in found.names
    assert "gated" in found.names
    assert any("hybrid needs three modalities" in line for line in found.notices)
    assert settle("hybrid", modalities=("a", "b", "c")).names == ["hybrid"]


def test_a_regression_leaves_out_the_votes_with_a_notice():
    found = settle("uncertainty", task=NUMBER)
    assert found.names == [n for n in GROUPS["uncertainty"] if n not in VOTES]
    for name in VOTES:
        assert any(f"{name} is defined for classes only" in line for line in found.notices)
        with pytest.raises(InputError, match="for classes only"):
            settle(name, task=NUMBER)


def test_without_torch_networks_are_left_out_and_it_says_how_to_add_them(no_torch):
    assert not has_torch()
    found = settle("all")
    assert found.names == CHEAP
    assert found.candidates == []
    (notice,) = found.notices
    assert "gated" in notice
    assert "pip install 'fuseworthy[deep]'" in notice
    found = settle()
    assert found.names == CHEAP
    assert found.candidates == []
    assert "torch is not installed" in found.notices[0]
    assert not settle(rows=200).notices  # nothing is missing where no network would join


@pytest.mark.parametrize("asked", ["gated", "attention", "remedies", "hybrid:a+b"])
def test_without_torch_a_network_asked_for_by_itself_is_an_error(asked, no_torch):
    with pytest.raises(MissingExtraError, match=r"fuseworthy\[deep\]"):
        settle(asked)


class Mine:
    def fit(self, blocks, singles, part): ...


def test_own_strategies_go_by_their_names_and_come_last():
    named = Mine()
    named.name = "second"
    found = settle(Mine, named, LogisticRegression(), "gated", "sklearn.linear_model:RidgeClassifier")
    assert found.names == ["gated", "Mine", "second", "LogisticRegression", "RidgeClassifier"]
    assert set(found.objects) == {"Mine", "second", "LogisticRegression"}
    assert found.custom["RidgeClassifier"] == "sklearn.linear_model:RidgeClassifier"


def test_two_strategies_of_one_name_are_refused_rather_than_one_forgotten():
    with pytest.raises(InputError, match="'LogisticRegression' is taken"):
        settle(LogisticRegression(C=1), LogisticRegression(C=100))


@pytest.mark.parametrize("taken", ["gated", "twin", "dummy", "additive", "late"])
def test_names_of_the_catalogue_are_taken(taken):
    own = Mine()
    own.name = taken
    with pytest.raises(InputError, match=f"{taken!r} is taken"):
        settle(own)


@pytest.mark.parametrize("name", ["a/b", "a|0", "a~raw", "hybrid:a", " "])
def test_names_that_mean_something_in_a_ledger_are_refused(name):
    own = Mine()
    own.name = name
    with pytest.raises(InputError, match="must not be empty or hold"):
        settle(own)


def test_a_strategy_that_cannot_be_imported_is_refused_before_anything_trains():
    with pytest.raises(InputError, match="must be importable"):
        settle("no_such_module:Mine")
    with pytest.raises(InputError, match="must define the strategy 'Nothing'"):
        settle("sklearn.linear_model:Nothing")


NEEDED, NOT = {"interaction": {"needed": True}}, {"interaction": {"needed": False}}


@pytest.mark.parametrize(
    ("rows", "headroom", "join"),
    [
        (FEWEST_ROWS, NOT, True),
        (FEWEST_ROWS - 1, NOT, False),
        (FEWEST_ROWS - 1, NEEDED, True),
        (FEWEST_ROWS - 1, {"interaction": None}, False),
    ],
)
def test_networks_join_with_rows_or_interaction(rows, headroom, join):
    networks, why = joining_networks([*AUTO, *REMEDIES], rows, headroom)
    assert networks == (list(AUTO) if join else [])
    assert why.startswith("Networks join (concat" if join else "Networks stay out")


def test_without_candidates_there_is_nothing_to_say():
    assert joining_networks([], 10_000, NEEDED) == ([], "")
    assert joining_networks(REMEDIES, 10_000, NEEDED) == ([], "")
