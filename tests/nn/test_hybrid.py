"""Trees of fusions."""

from __future__ import annotations

import pytest
import torch

from fuseworthy.nn import ConcatFusion, Hybrid, LowRankFusion, TokenTransformer

SIZES = {"audio": 4, "meta": 1, "text.en": 7}
DEEP = {"all": {"av": ["audio", "meta"], "words": "text.en"}}


def test_trees_of_any_depth_and_kind_can_be_built(batch):
    for inner, outer in ((TokenTransformer, ConcatFusion), (LowRankFusion, TokenTransformer)):
        fusion = Hybrid(spec=DEEP, inputs=SIZES, outputs=2, width=8, inner=inner, outer=outer).eval()
        assert torch.isfinite(fusion(*batch.arguments)).all()


def test_a_node_is_present_where_any_member_is(batch):
    fusion = Hybrid(spec={"av": ["audio", "meta"], "words": "text.en"}, inputs=SIZES, outputs=2, width=8).eval()
    gathered, _ = fusion.root.gather(fusion.project(*batch.arguments))
    assert torch.equal(gathered.present["av"], batch.present["audio"] | batch.present["meta"])


def test_order_of_parts_does_not_matter(batch):
    outputs = []
    for spec in ({"av": ["audio", "meta"], "w": "text.en"}, {"w": "text.en", "av": ["meta", "audio"]}):
        torch.manual_seed(0)
        outputs.append(Hybrid(spec=spec, inputs=SIZES, outputs=2, width=8).eval()(*batch.arguments))
    assert torch.equal(*outputs)


def test_share_is_the_product_along_the_tree_or_none(batch):
    fusion = Hybrid(spec=DEEP, inputs=SIZES, outputs=2, width=8, inner=TokenTransformer).eval()
    _, attention = fusion(*batch.arguments, return_attention=True)
    assert torch.allclose(attention.share.sum(1), torch.ones(6), atol=1e-5)
    without = Hybrid(spec=DEEP, inputs=SIZES, outputs=2, width=8, inner=ConcatFusion).eval()
    assert without(*batch.arguments, return_attention=True)[1].share is None


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"av": ["audio", "meta"]}, "every modality exactly once, but 'text.en' is there 0 times"),
        ({"av": ["audio", "meta", "text.en"], "more": "meta"}, "'meta' is there 2 times"),
        ({"av": ["audio", "meta", "text.en", "smell"]}, "it names 'smell'"),
    ],
)
def test_every_modality_must_be_a_leaf_once(spec, message):
    with pytest.raises(ValueError, match=message):
        Hybrid(spec=spec, inputs=SIZES, outputs=2)
