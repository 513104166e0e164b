"""Fusions run stacked, compiled, exported, and in half precision."""

from __future__ import annotations

import pytest
import torch
from torch.func import functional_call, grad, stack_module_state


def test_stacked_copies_equal_the_loop(pooled, twins, batch):
    copies = [twins(pooled, seed=seed) for seed in range(3)]
    parameters, buffers = stack_module_state(copies)

    def call(p, b):
        return functional_call(copies[0], (p, b), batch.arguments)

    expected = torch.stack([copy(*batch.arguments) for copy in copies])
    assert torch.allclose(torch.vmap(call)(parameters, buffers), expected, atol=1e-5)


@pytest.mark.filterwarnings("ignore:There is a performance drop")  # fused attention is looped over copies on a CPU
def test_stacked_attention_equals_the_loop_too(fusion, batch):
    parameters, buffers = stack_module_state([fusion, fusion])

    def call(p, b):
        return functional_call(fusion, (p, b), batch.arguments)

    expected = fusion(*batch.arguments)
    assert torch.allclose(torch.vmap(call)(parameters, buffers)[1], expected, atol=1e-5)


def test_stacked_gradients_with_own_targets_equal_the_loop(pooled, twins, batch):
    copies = [twins(pooled, seed=seed) for seed in range(2)]
    parameters, _ = stack_module_state(copies)
    targets = torch.tensor([[0, 1, 0, 1, 1, 0], [1, 1, 0, 0, 1, 0]])

    class Loss(torch.nn.Module):
        def __init__(self, fusion):
            super().__init__()
            self.fusion = fusion

        def forward(self, target):
            return self.fusion.row_loss(self.fusion.project(*batch.arguments), target, progress=0.5)[1].mean()

    loss = Loss(copies[0])

    def call(p, target):
        return functional_call(loss, {f"fusion.{k}": v for k, v in p.items()}, (target,))

    stacked = torch.vmap(grad(call))(parameters, targets)
    for i, copy in enumerate(copies):
        Loss(copy)(targets[i]).backward()
        for name, parameter in copy.named_parameters():
            assert torch.allclose(stacked[name][i], parameter.grad, atol=1e-5), name


def test_compiles_without_a_graph_break(fusion, batch):
    torch.compiler.reset()
    compiled = torch.compile(fusion, fullgraph=True, backend="eager")
    with torch.no_grad():
        assert torch.allclose(compiled(*batch.arguments), fusion(*batch.arguments), atol=1e-6)


def test_exports_with_any_number_of_rows(fusion, batch):
    rows = torch.export.Dim("rows", min=2)
    shapes = tuple({name: {0: rows} for name in part} for part in batch.arguments)
    program = torch.export.export(fusion, batch.arguments, dynamic_shapes=shapes)
    few = tuple({name: value[:4] for name, value in part.items()} for part in batch.arguments)
    assert torch.allclose(program.module()(*few), fusion(*few), atol=1e-5)


def test_half_precision_is_close_and_answers_in_full(fusion, batch):
    with torch.no_grad():
        expected = fusion(*batch.arguments)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            halved = fusion(*batch.arguments)
    assert halved.dtype == torch.float32
    assert (halved - expected).abs().max() < 0.05 * (1 + expected.abs().max())


@pytest.mark.parametrize("name", ["gated", "token-transformer", "evidential"])
def test_state_loads_into_a_fresh_fusion(name, twins, batch):
    first, second = twins(name, seed=0), twins(name, seed=1)
    second.load_state_dict(first.state_dict())
    assert torch.equal(first(*batch.arguments), second(*batch.arguments))
