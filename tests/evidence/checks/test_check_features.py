"""Features side by side: scales, numbers of columns, and the price of learning them."""

import pytest
from made_evidence import clear, does_not_apply, evidence_of, fired, two_modalities, with_family, with_verdict


def seen(scale=1.0, columns=3, other=4):
    return {
        "modalities": {
            "a": {"scale": 1.0, "columns": other, "features": other, "view": "vectors"},
            "b": {"scale": scale, "columns": columns, "features": min(columns, 48), "view": "vectors"},
        }
    }


EARLY = with_family(two_modalities(), "sum", "early")


@pytest.mark.parametrize("scale", [1e4, 1e-4])
def test_a_spread_ten_thousand_times_as_large_dominates(scale):
    said = fired("F004", evidence_of(EARLY, observations=seen(scale)))
    assert "1e+04 times" in said
    assert "standardise" in said


def test_many_columns_dominate():
    assert "number of columns is 1e+03 times" in fired("F004", evidence_of(EARLY, observations=seen(columns=4000)))


def test_like_scales_do_not_and_text_has_no_scale():
    clear("F004", evidence_of(EARLY, observations=seen(50)))
    clear("F004", evidence_of(EARLY, observations=seen(None)))


def test_scales_matter_to_a_concatenation_alone_and_must_be_known():
    assert "concatenates" in does_not_apply("F004", evidence_of(two_modalities(), observations=seen(1e4)))
    assert "elsewhere" in does_not_apply("F004", evidence_of(EARLY))


def headroom(price, rough=False):
    return {"headroom": {"prices": [{"modality": "b", "features": 20, "price": price, "rough": rough}]}}


def test_a_price_above_the_margin_and_few_rows_a_feature_fire():
    said = fired("F005", evidence_of(two_modalities(), headroom(0.03)))
    assert "20 features of 'b'" in said
    assert "0.03" in said
    assert "fewer than ten rows" in fired("F005", evidence_of(two_modalities(), headroom(0.001, rough=True)))


def test_a_low_price_is_clear_and_so_is_one_in_another_unit():
    clear("F005", evidence_of(two_modalities(), headroom(0.009)))
    clear("F005", with_verdict(evidence_of(two_modalities(), headroom(0.03)), loss="AUC"))


def test_without_probes_or_features_there_is_no_price():
    assert "elsewhere" in does_not_apply("F005", evidence_of(two_modalities()))
    assert "not known" in does_not_apply("F005", evidence_of(two_modalities(), {"headroom": {"prices": []}}))
