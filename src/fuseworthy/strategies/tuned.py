"""Fusion and encoders trained together, end to end: the strategy ``tuned``.

Encoders are read through `fuseworthy.strategies.trunks`, everything else is that of any fusion network: the loop, early
stopping on inner folds, modalities hidden at random, a calibration for each subset.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import distributions
from typing import TYPE_CHECKING, Any

from fuseworthy.inputs.blocks import Block
from fuseworthy.inputs.encoders.raw import CONV
from fuseworthy.strategies.networks import DROPOUT, WIDTH
from fuseworthy.strategies.neural import Neural, NeuralPredictor, fit_neural
from fuseworthy.strategies.neural_inputs import NeuralInputs
from fuseworthy.strategies.part import Blocks, Fitted, Part
from fuseworthy.strategies.views import narrowed

if TYPE_CHECKING:
    from fuseworthy.nn import EndToEnd
    from fuseworthy.strategies.training.recipe import Recipe

LORA, LAST, SCRATCH = "LoRA", "its last two layers", "all of it, from random weights"
"""What of an encoder learns."""
RATES = {LORA: 5e-4, LAST: 5e-5}
"""Learning rates; what starts from random weights has the fusion's own."""


def way_of(encoder: str) -> str:
    """What of an encoder is trained here."""
    if encoder == CONV:
        return SCRATCH
    return LORA if any(distributions(name="peft")) else LAST


@dataclass(frozen=True)
class Trainable:
    """An encoder that is trained: of a kind of modality, as it is named, and what of it learns (`way_of`)."""

    kind: str
    encoder: str
    way: str


@dataclass(frozen=True)
class Tuned:
    """A cross-attention network, with some of its encoders, as a strategy; a transformer where there is one modality.

    The encoders' learning rate is lower than the fusion's, unless they start from random weights. Below 3 000 rows the
    networks of the inner folds are averaged, where others are trained again on all rows. It predicts in single precision: in double,
    encoders would need twice their memory; so a row's answer may differ in its last digits by the rows asked with it.

    Parameters
    ----------
    encoders : modality -> Trainable
        Of the blocks with which it is fitted these must have a view in the form "raw".
    recipe : Recipe, optional
        Settings of the training loop, by the number of rows if left out.
    device : str
        "auto" takes CUDA where there is one.
    """

    encoders: Mapping[str, Trainable]
    recipe: Recipe | None = None
    device: str = "auto"

    def fit(self, blocks: Blocks, singles: Mapping[str, Fitted], part: Part) -> Fitted:
        """Train on the training part; singles say which frozen encoder of the other modalities is the best."""
        from fuseworthy.strategies.training.recipe import recipe_for

        recipe = self.recipe or recipe_for(len(part.train), sequences=True)
        network = Neural(self._make, self._make, seeds=0, tokens=True, recipe=recipe, device=self.device)
        inputs = NeuralInputs.learn(read_by_networks(blocks, singles, part), part, tokens=True)
        return _counted(fit_neural(network, inputs, blocks, part))

    def _make(self, sizes: dict[str, int], outputs: int) -> EndToEnd:
        from fuseworthy.nn import CrossAttentionFusion, EndToEnd, TokenTransformer
        from fuseworthy.strategies.trunks import make_encoder

        own = {m: encoder for m, encoder in self.encoders.items() if m in sizes}
        encoders: dict[str, Any] = {m: make_encoder(e.kind, e.encoder, e.way) for m, e in own.items()}
        widths = sizes | {m: encoder.width for m, encoder in encoders.items()}
        kind = CrossAttentionFusion if len(widths) > 1 else TokenTransformer
        fusion = kind(inputs=widths, outputs=outputs, width=WIDTH, dropout=DROPOUT["cross-attention"])
        return EndToEnd(fusion, encoders, {m: RATES[e.way] for m, e in own.items() if e.way in RATES})


def read_by_networks(blocks: Blocks, singles: Mapping[str, Fitted], part: Part) -> dict[str, Mapping[str, Block]]:
    """Of each modality what an encoder that is trained is given, or the frozen views that other networks read."""
    raw = {m: {v: block for v, block in views.items() if block.form == "raw"} for m, views in blocks.items()}
    frozen = {m: {v: block for v, block in views.items() if block.form != "raw"} for m, views in blocks.items()}
    return narrowed(frozen, singles, part) | {m: views for m, views in raw.items() if views}


def _counted(fitted: Fitted) -> Fitted:
    """With the numbers that learned as its cost: what is frozen is not counted for other strategies either."""
    if not isinstance(fitted.predictor, NeuralPredictor):
        return fitted
    learned = {id(p): p for module in fitted.predictor.modules for p in module.parameters() if p.requires_grad}
    everything = {id(p): p for module in fitted.predictor.modules for p in module.parameters()}
    trained, kept = (sum(p.numel() for p in own.values()) for own in (learned, everything))
    cost = replace(fitted.cost, parameters=trained)
    return replace(fitted, cost=cost, setting=fitted.setting | {"trained": trained, "frozen": kept - trained})
