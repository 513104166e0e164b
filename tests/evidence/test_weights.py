"""Where networks look stands beside what modalities are worth, and is not taken for it."""

import pytest

from fuseworthy.evidence.weights import weight_facts

SHARES = {"gated": {"a": 0.7, "b": 0.3}, "token-transformer": {"a": 0.2, "b": 0.8}}


def attribution(**values):
    return {"rows": [{"modality": m, "shapley": {"gain": gain, "low": gain - 0.1}} for m, gain in values.items()]}


def test_without_weights_there_is_nothing_to_say():
    assert weight_facts({}, attribution(a=0.1)) is None


def test_shares_stand_beside_values():
    facts = weight_facts(SHARES, attribution(a=0.05, b=0.01))
    assert facts["names"] == ["gated", "token-transformer"]
    a, b = facts["rows"]
    assert a == {
        "modality": "a",
        "shapley": {"gain": 0.05, "low": pytest.approx(-0.05)},
        "shares": [{"name": "gated", "share": 0.7}, {"name": "token-transformer", "share": 0.2}],
    }
    assert b["shares"][1]["share"] == 0.8


def test_a_network_that_looks_elsewhere_is_named():
    assert weight_facts(SHARES, attribution(a=0.05, b=0.01))["sentence"].endswith(
        "Here a is worth most, but token-transformer looks more at another modality."
    )


def test_agreement_is_said_as_well():
    facts = weight_facts({"gated": SHARES["gated"]}, attribution(a=0.05, b=0.01))
    assert facts["sentence"].endswith("Here both agree: a is worth most and gets the largest share.")


@pytest.mark.parametrize("unmeasured", [None, {"rows": []}])
def test_without_values_only_the_warning_is_left(unmeasured):
    facts = weight_facts(SHARES, unmeasured)
    assert facts["sentence"] == "Weight is where a network looks; it is not what a modality is worth."
    assert all(row["shapley"] is None for row in facts["rows"])


def test_a_modality_that_a_network_does_not_have_has_no_share_in_it():
    facts = weight_facts({"gated": {"a": 1.0}, "hybrid": {"a": 0.4, "b": 0.6}}, None)
    assert facts["rows"][1]["shares"] == [{"name": "gated", "share": None}, {"name": "hybrid", "share": 0.6}]
