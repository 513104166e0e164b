"""What each modality does: hurts, repeats another, drowns it."""

from made_evidence import (
    attribution,
    clear,
    does_not_apply,
    evidence_of,
    fired,
    interval,
    two_modalities,
    with_verdict,
)

USEFUL = (interval(0.1, 0.2), interval(0.03, 0.05), interval(0.2, 0.3))


def facts(**modalities):
    return {"attribution": attribution(**modalities)}


def test_a_modality_without_which_the_fusion_is_better_hurts():
    noise = (interval(-0.01, 0.01), interval(-0.04, -0.01), None)
    said = fired("F006", evidence_of(two_modalities(), facts(a=USEFUL, b=noise)))
    assert "'b' adds -0.0250" in said


def test_a_fusion_that_is_worse_as_a_whole_hurts_where_nothing_was_retrained():
    worse = with_verdict(evidence_of(two_modalities()), gain=-0.02, low=-0.03, high=-0.01)
    assert "worse than" in fired("F006", worse)


def test_useful_and_uncertain_modalities_do_not_hurt():
    doubtful = (interval(-0.01, 0.01), interval(-0.04, 0.01), None)
    clear("F006", evidence_of(two_modalities(), facts(a=USEFUL, b=doubtful)))
    assert "retrained" in does_not_apply("F006", evidence_of(two_modalities()))


def test_a_modality_that_tells_much_and_adds_little_is_redundant():
    said = fired("F007", evidence_of(two_modalities(), facts(a=USEFUL, b=(USEFUL[0], interval(-0.004, 0.006), None))))
    assert "'b' tells 0.1500 alone" in said
    assert "'a'" not in said


def test_a_useful_a_doubtful_and_a_silent_modality_are_not_redundant():
    doubtful, silent = interval(-0.004, 0.02), (interval(-0.01, 0.01), interval(-0.004, 0.006), None)
    clear("F007", evidence_of(two_modalities(), facts(a=USEFUL, b=(USEFUL[0], doubtful, None))))
    clear("F007", evidence_of(two_modalities(), facts(a=USEFUL, b=silent)))
    assert "retrained" in does_not_apply("F007", evidence_of(two_modalities()))


def test_reliance_on_one_while_another_is_worth_something_is_harmful():
    found = facts(a=USEFUL, b=USEFUL)
    found["attribution"] |= {"share": 0.96, "dominant": "a", "neglected": ["b"]}
    said = fired("F012", evidence_of(two_modalities(), found))
    assert "96%" in said
    assert "at least 0.0300" in said


def test_reliance_that_is_deserved_is_no_harm():
    found = facts(a=USEFUL, b=USEFUL)
    found["attribution"] |= {"share": 0.96, "dominant": "a", "neglected": []}
    clear("F012", evidence_of(two_modalities(), found))


def test_dominance_needs_retraining_and_shuffling():
    assert "retrained" in does_not_apply("F012", evidence_of(two_modalities()))
    assert "relies on" in does_not_apply("F012", evidence_of(two_modalities(), facts(a=USEFUL, b=USEFUL)))
