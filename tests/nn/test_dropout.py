"""Dropout by bytes: the right share, the right mean, off in evaluation, and a stream that a seed repeats."""

import pytest
import torch

from fuseworthy.nn.dropout import Dropout


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_share_asked_for_is_dropped_and_the_mean_is_kept(share):
    torch.manual_seed(0)
    found = Dropout(share)(torch.ones(400, 1001))
    assert abs(float((found == 0).float().mean()) - share) < 0.004
    assert abs(float(found.mean()) - 1) < 0.02


def test_every_byte_of_a_word_is_as_random_as_the_others():
    torch.manual_seed(0)
    found = Dropout(0.5)(torch.ones(20_000, 8)) == 0
    assert (abs(found.float().mean(0) - 0.5) < 0.02).all()
    assert (abs(torch.corrcoef(found.T.float()) - torch.eye(8)) < 0.03).all()


def test_nothing_is_dropped_in_evaluation_or_at_a_share_of_zero():
    x = torch.randn(7, 3)
    assert torch.equal(Dropout(0.5).eval()(x), x)
    assert torch.equal(Dropout(0.0)(x), x)


def test_gradients_flow_through_what_was_kept():
    x = torch.ones(100, requires_grad=True)
    found = Dropout(0.5)(x)
    found.sum().backward()
    assert torch.equal(x.grad, found.detach())


def test_the_same_seed_drops_the_same_entries():
    drawn = []
    for _ in range(2):
        torch.manual_seed(3)
        drawn.append(Dropout(0.3)(torch.ones(5, 11)))
    assert torch.equal(*drawn)


def test_a_share_of_everything_is_refused():
    with pytest.raises(ValueError, match="in \\[0, 1\\), but 1 came"):
        Dropout(1)
