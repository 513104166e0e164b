"""What a joint network has left of each modality: a linear probe of its encoder, beside what the modality gives alone."""

from __future__ import annotations

import numpy as np

from fuseworthy.folds import Ints
from fuseworthy.strategies.calibration import fit_calibrator
from fuseworthy.strategies.families import FAMILIES, outputs
from fuseworthy.strategies.neural import NeuralPredictor
from fuseworthy.strategies.neural_inputs import tensors
from fuseworthy.strategies.part import Blocks, Cost, Fitted, Part
from fuseworthy.strategies.tuning import cross_fit, fit_model
from fuseworthy.task import Floats

SETTING = {"C": 1.0}


def probe_encoders(joint: Fitted, blocks: Blocks, part: Part) -> dict[str, Fitted]:
    """A linear model on each modality's vector inside a trained joint network: ``encoder:modality`` -> Fitted.

    An encoder that was left under-trained is worse than the modality could be (Wang et al. 2020; Du et al. 2023). Rows
    without the modality get the prior.
    """
    if not isinstance(joint.predictor, NeuralPredictor):
        return {}
    inside = {rows: _vectors(joint.predictor, blocks, getattr(part, rows)) for rows in ("train", "test")}
    family, found = FAMILIES["vectors"][0], {}
    for m in joint.predictor.views:
        present = next(iter(blocks[m].values())).present
        here, asked = present[part.train], present[part.test]
        x, y, inner = inside["train"][m][here], part.y_train[here], part.inner[here]
        test = part.constant(len(part.test))
        if len(np.unique(y)) > 1 and len(np.unique(inner)) > 1 and asked.any():
            oof = cross_fit(family, SETTING, x, y, part.task, inner, part.seed, [])
            model = fit_model(family, SETTING, x, y, part.task, part.seed, [])
            calibrator = fit_calibrator(oof, y, part.task)
            test[asked] = calibrator.apply(outputs(model, inside["test"][m][asked], part.task))
        found[f"encoder:{m}"] = Fitted(test, cost=Cost())
    return found


def _vectors(predictor: NeuralPredictor, blocks: Blocks, rows: Ints) -> dict[str, Floats]:
    """Each modality's vector inside the first network, (n, width)."""
    import torch

    module = predictor.modules[0]
    precision = next(module.parameters()).dtype
    batch = tensors(predictor.views, predictor.features, blocks, rows).to(torch.device(predictor.device), precision)
    with torch.no_grad():
        tokens = module.project(batch.inputs, batch.present, batch.mask, batch.times)
    return {m: tokens.vector(m).float().cpu().numpy().astype(np.float64) for m in predictor.views}
