"""Weights that are shown are the weights that were used, and clocks and empty contexts do as said."""

from __future__ import annotations

import pytest
import torch

from fuseworthy.nn import FUSIONS, BottleneckFusion, TokenTransformer
from fuseworthy.nn.attention import MultiHeadAttention

WITH_SHARE = set(FUSIONS) - {"concat", "tensor", "low-rank", "film", "crossmodal"}


@pytest.mark.parametrize("name", [*sorted(WITH_SHARE), "hybrid"])
def test_shares_sum_to_one_over_those_present(name, twins, batch):
    fusion = twins(name)
    _, attention = fusion(*batch.arguments, return_attention=True)
    assert attention.names == fusion.names
    assert torch.allclose(attention.share.sum(1), torch.ones(6), atol=1e-5)
    for m, modality in enumerate(fusion.names):
        if modality in batch.present:
            assert (attention.share[~batch.present[modality], m] == 0).all()


def test_output_is_the_same_with_and_without_weights(fusion, batch):
    explained, _ = fusion(*batch.arguments, return_attention=True)
    assert torch.allclose(explained, fusion(*batch.arguments), atol=1e-5)
    untimed = batch.arguments[:3]
    explained, _ = fusion(*untimed, return_attention=True)
    assert torch.allclose(explained, fusion(*untimed), atol=1e-5)


def test_maps_are_distributions_with_labelled_queries_and_keys(fusion, batch):
    _, attention = fusion(*batch.arguments, return_attention=True)
    for table in attention.maps:
        assert table.axes == ("row", "head", "query", "key")
        assert table.weights.shape[2:] == (len(table.queries), len(table.keys))
        assert torch.allclose(table.weights.sum(3), torch.ones(()), atol=1e-5)


def test_labels_tell_steps_of_sequences_from_vectors(twins, batch):
    _, attention = twins("token-transformer")(*batch.arguments, return_attention=True)
    steps = tuple(f"audio[{i}]" for i in range(5))
    assert attention.maps[0].keys == ("summary", *steps, "meta", "text.en")
    assert attention.maps[-1].queries == ("summary",)


def test_a_query_with_nothing_to_attend_to_gets_the_null_token():
    attend = MultiHeadAttention(8, heads=2, null=True)
    query, mask = torch.randn(3, 4, 8), torch.zeros(3, 5, dtype=torch.bool)
    first, _ = attend(query, torch.randn(3, 5, 8), mask)
    second, _ = attend(query, torch.randn(3, 5, 8), mask)
    assert torch.equal(first, second)
    assert torch.isfinite(first).all()


def test_attention_falls_with_the_distance_in_time_at_the_slope_of_its_head():
    attend = MultiHeadAttention(8, heads=2)
    torch.nn.init.zeros_(attend.query.weight)
    torch.nn.init.zeros_(attend.query.bias)
    clocks = (torch.tensor([[0.0]]), torch.tensor([[0.0, 1.0, -2.0, float("nan")]]))
    _, weights = attend(torch.randn(1, 1, 8), torch.randn(1, 4, 8), None, clocks, explain=True)
    slopes = torch.tensor([2.0**-4, 2.0**-8])
    expected = -slopes[:, None] * torch.tensor([0.0, 1.0, 2.0, 0.0])  # the last has no time
    assert torch.allclose(weights[0, :, 0], expected.softmax(1), atol=1e-5)


def test_times_shift_together_without_effect_between_tokens(batch):
    """Only differences count inside attention; positions are encoded at the input."""
    attend = MultiHeadAttention(4, heads=2)
    x, clock = batch.inputs["audio"], batch.times["audio"]
    late = clock + 7
    assert torch.allclose(attend(x, x, None, (clock, clock))[0], attend(x, x, None, (late, late))[0], atol=1e-5)


def test_interleaved_tokens_are_ordered_by_time_across_modalities():
    from fuseworthy.nn import Tokens
    from fuseworthy.nn.interleaved import places

    values = {"a": torch.zeros(1, 2, 4), "b": torch.zeros(1, 3, 4)}
    mask = {"a": torch.ones(1, 2).bool(), "b": torch.tensor([[True, True, False]])}
    times = {"a": torch.tensor([[10.0, 30.0]]), "b": torch.tensor([[20.0, 5.0, 0.0]])}
    assert places(Tokens(values, mask, {}, times), ("a", "b")).tolist() == [[1.0, 3.0, 2.0, 0.0, 4.0]]


def test_own_layers_precede_the_bottleneck_when_asked_for(batch):
    sizes = {"audio": 4, "meta": 1, "text.en": 7}
    fusion = BottleneckFusion(inputs=sizes, outputs=2, width=8, layers=1, shared=2).eval()
    assert torch.isfinite(fusion(*batch.arguments)).all()


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match="width must be a multiple of heads, but width=10 and heads=4"):
        TokenTransformer(inputs={"a": 1}, outputs=2, width=10)
    with pytest.raises(ValueError, match="shared must be at least 1"):
        BottleneckFusion(inputs={"a": 1}, outputs=2, shared=0)
