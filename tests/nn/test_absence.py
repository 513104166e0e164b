"""Any modality may be absent in any row, and what stands in its place is never looked at."""

from __future__ import annotations

from itertools import combinations

import pytest
import torch

GARBAGE = [float("nan"), float("inf"), 1e30]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_in_absent_rows_and_padding_changes_nothing(fusion, batch, garbage):
    expected = fusion(*batch.arguments)
    real = batch.mask["audio"] & batch.present["audio"][:, None]
    batch.inputs["audio"] = torch.where(real[..., None], batch.inputs["audio"], garbage)
    batch.times["audio"] = torch.where(real, batch.times["audio"], garbage)
    batch.inputs["meta"] = torch.where(batch.present["meta"][:, None], batch.inputs["meta"], garbage)
    assert torch.equal(fusion(*batch.arguments), expected)
    _, loss = fusion.row_loss(fusion.project(*batch.arguments), torch.tensor([0, 1, 0, 1, 1, 0]))
    loss.mean().backward()
    assert all(torch.isfinite(p.grad).all() for p in fusion.parameters() if p.grad is not None)


def test_every_subset_is_finite_and_the_same_left_out_or_marked_absent(fusion, batch):
    for size in (1, 2, 3):
        for kept in combinations(fusion.names, size):
            present = {name: torch.full((6,), name in kept) for name in fusion.names}
            marked = fusion(batch.inputs, present, batch.mask, batch.times)
            timed = {k: v for k, v in batch.times.items() if k in kept}
            left_out = fusion({k: batch.inputs[k] for k in kept}, mask=batch.mask, times=timed)
            assert torch.isfinite(marked).all(), kept
            assert torch.allclose(marked, left_out, atol=1e-5), kept


def test_a_modality_is_heard_where_present_only(fusion, batch):
    before = fusion(*batch.arguments)
    batch.inputs["audio"] = batch.inputs["audio"] * -3
    heard = (fusion(*batch.arguments) - before).abs().max(1).values > 1e-6
    assert torch.equal(heard, batch.present["audio"])


def test_nothing_present_is_finite_with_finite_gradient(fusion, batch):
    present = {name: torch.zeros(6, dtype=torch.bool) for name in fusion.names}
    tokens = fusion.project(batch.inputs, present, batch.mask, batch.times)
    outputs, loss = fusion.row_loss(tokens, torch.zeros(6, dtype=torch.long))
    loss.mean().backward()
    assert torch.isfinite(outputs).all()
    assert all(torch.isfinite(p.grad).all() for p in fusion.parameters() if p.grad is not None)
    _, attention = fusion(batch.inputs, present, batch.mask, batch.times, return_attention=True)
    assert attention.share is None or (attention.share == 0).all()


def test_a_sequence_of_padding_only_is_absent(fusion, batch):
    mask = {"audio": torch.zeros(6, 5, dtype=torch.bool)}
    padded = fusion(batch.inputs, None, mask, batch.times)
    absent = fusion(batch.inputs, {"audio": torch.zeros(6, dtype=torch.bool)}, None, batch.times)
    assert torch.allclose(padded, absent, atol=1e-6)


@pytest.mark.parametrize("timed", [True, False])
def test_length_of_padding_does_not_matter(fusion, batch, timed):
    times = batch.times if timed else None
    expected = fusion(batch.inputs, batch.present, batch.mask, times)
    longer = torch.nn.functional.pad
    batch.inputs["audio"] = longer(batch.inputs["audio"], (0, 0, 0, 4), value=9.0)
    mask = {"audio": longer(batch.mask["audio"], (0, 4), value=False)}
    times = {"audio": longer(batch.times["audio"], (0, 4), value=-7.0)} if timed else None
    assert torch.allclose(fusion(batch.inputs, batch.present, mask, times), expected, atol=1e-5)


def test_tokens_of_a_vector_are_the_learned_absent_vector_where_absent(twins, batch):
    fusion = twins("concat")
    tokens = fusion.project(*batch.arguments)
    for name in ("audio", "meta"):
        absent = fusion.projections[str(fusion.names.index(name))].absent
        assert torch.allclose(tokens.vector(name)[~batch.present[name]], absent)


def test_vector_of_a_sequence_is_the_mean_of_its_real_tokens(twins, batch):
    tokens = twins("token-transformer").project(*batch.arguments)
    expected = tokens.values["audio"][1, :3].mean(0)
    assert torch.allclose(tokens.vector("audio")[1], expected, atol=1e-6)
