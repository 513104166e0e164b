"""What holds for every fusion, whatever it does inside."""

from __future__ import annotations

import pytest
import torch

from fuseworthy import nn
from fuseworthy.nn import FUSIONS, Fusion, Hybrid

SIZES = {"audio": 4, "meta": 1, "text.en": 7}


def test_every_exported_fusion_has_a_name_but_the_hybrid_which_needs_a_tree():
    exported = {getattr(nn, name) for name in nn.__all__ if name.endswith(("Fusion", "Transformer"))} - {Fusion}
    assert exported <= set(FUSIONS.values())
    assert Hybrid not in FUSIONS.values()
    assert len(FUSIONS) == 16


def test_output_has_a_row_for_each_row_and_a_column_for_each_output(fusion, batch):
    assert fusion(*batch.arguments).shape == (6, 2)


@pytest.mark.parametrize("name", sorted(set(FUSIONS) - {"evidential", "energy-weighted"}))
def test_regressions_have_one_output_and_a_squared_error(name, batch):
    fusion = FUSIONS[name](inputs=SIZES, outputs=1, width=8).eval()
    target = torch.arange(6.0)
    outputs, loss = fusion.row_loss(fusion.project(*batch.arguments), target)
    extra = fusion.balance if name == "mixture-of-experts" else 0.0
    assert outputs.shape == (6, 1)
    assert ((loss - (outputs[:, 0] - target) ** 2).abs() <= 4 * extra + 1e-5).all()


def test_order_of_inputs_does_not_matter(fusion, batch):
    turned = dict(reversed(batch.inputs.items()))
    assert torch.equal(fusion(turned, *batch.arguments[1:]), fusion(*batch.arguments))


def test_order_in_the_constructor_does_not_matter(request, batch):
    for name, kind in FUSIONS.items():
        outputs = []
        for sizes in (SIZES, dict(reversed(SIZES.items()))):
            torch.manual_seed(0)
            outputs.append(kind(inputs=sizes, outputs=2, width=8).eval()(*batch.arguments))
        assert torch.equal(*outputs), name


def test_a_row_does_not_depend_on_the_other_rows(fusion, batch):
    together = fusion(*batch.arguments)
    alone = [fusion(*({k: v[i : i + 1] for k, v in part.items()} for part in batch.arguments)) for i in range(6)]
    assert torch.allclose(torch.cat(alone), together, atol=1e-5)


def test_gradient_reaches_every_parameter(fusion, batch):
    for name in ("meta", "text.en"):  # times only matter between several tokens
        batch.inputs[name] = torch.stack([batch.inputs[name], -batch.inputs[name]], dim=1)
        batch.times[name] = batch.times["audio"][:, :2] + 0.5
    target = torch.tensor([0, 1, 0, 1, 1, 0])
    fusion.train()
    _, loss = fusion.row_loss(fusion.project(*batch.arguments), target, progress=0.5)
    loss.mean().backward()
    for name, parameter in fusion.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().max() > 0, name


def test_modality_prefix_names_the_parameters_of_its_encoder(fusion):
    names = [name for name, _ in fusion.named_parameters()]
    owned = [name for name in names if any(name.startswith(fusion.modality_prefix(m)) for m in fusion.names)]
    assert owned == [name for name in names if name.startswith("projections.")]
    assert all(any(name.startswith(fusion.modality_prefix(m)) for name in names) for m in fusion.names)


def test_one_modality_alone_can_be_fused(batch):
    for name, kind in FUSIONS.items():
        fusion = kind(inputs={"audio": 4}, outputs=2, width=8).eval()
        audio = {"audio": batch.inputs["audio"]}
        assert torch.isfinite(fusion(audio, mask=batch.mask, times=batch.times)).all(), name


def test_dropout_acts_in_training_only(fusion, batch):
    assert torch.equal(fusion(*batch.arguments), fusion(*batch.arguments))


def test_a_vector_is_a_sequence_of_one_token(batch):
    for name in sorted(set(FUSIONS) - {"interleaved"}):
        fusion = FUSIONS[name](inputs={"meta": 1, "text.en": 7}, outputs=2, width=8).eval()
        vectors = {k: batch.inputs[k] for k in ("meta", "text.en")}
        sequences = {k: v[:, None] for k, v in vectors.items()}
        assert torch.allclose(fusion(vectors), fusion(sequences), atol=1e-6), name
