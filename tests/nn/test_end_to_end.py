"""A fusion with its encoders: rows without a modality are never shown to its encoder, and gradients reach those that are."""

import pytest
import torch

from fuseworthy.nn import ConvolutionalGrid, CrossAttentionFusion, EndToEnd, TokenTransformer


def network():
    torch.manual_seed(0)
    fusion = CrossAttentionFusion(inputs={"photo.left": 16, "price": 3}, outputs=2, width=16)
    return EndToEnd(fusion, {"photo.left": ConvolutionalGrid(width=16)}, {"photo.left": 1e-4})


def rows(n=6):
    torch.manual_seed(1)
    return {"photo.left": torch.randint(0, 256, (n, 64, 64, 3), dtype=torch.uint8), "price": torch.randn(n, 3)}


def test_gradient_reaches_every_parameter():
    found = network()
    found(rows()).square().sum().backward()
    unused = [name for name, p in found.named_parameters() if p.grad is None or not p.grad.any()]
    assert [name for name in unused if not name.endswith("decay")] == []  # it is of times, which there are none


def test_what_stands_in_absent_rows_changes_neither_output_nor_gradient():
    found, here = network(), {"photo.left": torch.tensor([True, False, True, False, True, True])}
    outputs, gradients = [], []
    for filling in (0, 255):
        given = rows()
        given["photo.left"][~here["photo.left"]] = filling
        found.zero_grad()
        outputs.append(found(given, here))
        outputs[-1].square().sum().backward()
        gradients.append([p.grad.clone() for p in found.parameters() if p.grad is not None])
    assert outputs[0].equal(outputs[1])
    assert all(a.equal(b) for a, b in zip(*gradients, strict=True))


def test_a_modality_may_be_absent_in_all_rows_or_left_out():
    found, given = network().eval(), rows()
    nobody = {"photo.left": torch.zeros(6, dtype=torch.bool)}
    torch.testing.assert_close(found(given, nobody), found({"price": given["price"]}))
    found(given, nobody).sum().backward()
    assert all(p.grad is None or not p.grad.any() for p in found.encoders.parameters())


def test_one_modality_alone_and_its_attention():
    alone = EndToEnd(
        TokenTransformer(inputs={"photo": 16}, outputs=1, width=16), {"photo": ConvolutionalGrid(width=16)}
    )
    value, attention = alone({"photo": rows()["photo.left"]}, return_attention=True)
    assert value.shape == (6, 1)
    assert attention.names == ("photo",)


def test_encoders_may_have_learning_rates_of_their_own():
    found = network()
    assert set(found.rates) == {n for n, _ in found.named_parameters() if n.startswith("encoders.")}
    assert set(found.rates.values()) == {1e-4}
    assert EndToEnd(found.fusion, {"photo.left": ConvolutionalGrid(width=16)}).rates == {}


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="must be of modalities of the fusion"):
        EndToEnd(CrossAttentionFusion(inputs={"a": 2, "b": 2}, outputs=2), {"c": ConvolutionalGrid()})
    with pytest.raises(ValueError, match="multiple of 16"):
        ConvolutionalGrid(width=20)
