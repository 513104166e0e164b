"""The router travels with the graph: every set of modalities is answered by whom the study said."""

from dataclasses import replace

import numpy as np
import pytest
from exported_models import learned, model_of, parity_of, single

from fuseworthy.deploy.export.parity import fed
from fuseworthy.deploy.export.routing import table_of
from fuseworthy.deploy.export.session import opened
from fuseworthy.deploy.export.write import built
from fuseworthy.deploy.model import Model
from fuseworthy.deploy.router import Choice, Router
from fuseworthy.errors import InputError
from fuseworthy.strategies.early import fit_early_boosting
from fuseworthy.strategies.hidden import hidden
from fuseworthy.strategies.late import fit_mean, gather
from fuseworthy.strategies.part import presence

pytest.importorskip("onnx")

NAMES = ["cells", "steps", "voice"]
ROUTER = Router(
    {
        "cells+steps+voice": Choice(True, "cells/linear", ("cells", "voice"), "steps only harm"),
        "cells+voice": Choice(True, "cells/linear", ("cells", "voice"), "not inferior"),
        "cells+steps": Choice(False, "steps/linear", ("cells", "steps"), "inferior"),
        "voice": Choice(True, "voice/linear", ("voice",), "odd, but so it was decided"),
    },
    ("voice/linear", "cells/linear", "steps/linear"),
)


@pytest.fixture(scope="module")
def made():
    encodings, blocks, part = learned("multiclass", NAMES)
    singles = {name: single(blocks, part, name.split("/")[0]) for name in ROUTER.order}
    return encodings, blocks, part, singles


def test_the_router_hides_and_falls_back_as_the_study_said(made):
    encodings, blocks, part, singles = made
    model = model_of(encodings, part, singles, fit_early_boosting(blocks, part).predictor, ROUTER)
    table = table_of(model)
    assert table.names == ("cells", "steps", "voice")
    assert table.hides
    said = [table.routes[r] for r in table.route]
    assert said[0b000] == "prior"
    assert said[0b011] == "steps/linear"
    assert said[0b101] == said[0b111] == said[0b100] == "fusion"
    assert table.shown[0b111].tolist() == [True, False, True]
    assert said[0b110] == "fusion"  # not tried: as voice, the nearest smaller set
    assert table.shown[0b110].tolist() == [False, False, True]
    assert parity_of(model, blocks).largest < 1e-9


def test_one_batch_serves_rows_that_lack_different_modalities_whatever_stands_there(made):
    encodings, blocks, part, singles = made
    model = model_of(encodings, part, singles, fit_early_boosting(blocks, part).predictor, ROUTER)
    content, inputs, outputs, _ = built(model)
    session, given = opened(content), fed(blocks, inputs)
    before = session.run(None, given)
    for own in inputs:
        absent = ~given[f"{own.modality}:present"]
        assert absent.any()
        if own.role in ("values", "times"):
            assert np.isnan(given[own.name][absent]).all()
            given[own.name][absent] = 1e30
        elif own.role == "mask":
            given[own.name][absent] = True
    for ours, theirs in zip(before, session.run(None, given), strict=True):
        assert np.array_equal(ours, theirs)
    alone = [session.run([outputs.prediction], {k: v[i : i + 1] for k, v in given.items()})[0] for i in range(9)]
    assert np.abs(np.concatenate(alone) - before[0][:9]).max() < 1e-12


def test_a_model_of_its_best_single_has_no_fusion_and_answers_nothing_by_the_prior(made):
    encodings, blocks, part, singles = made
    content, inputs, outputs, _ = built(model_of(encodings, part, singles))
    assert outputs.fusion is None
    found = opened(content).run([outputs.prediction], fed(hidden(blocks, ()), inputs))[0]
    assert np.abs(found - part.prior).max() < 1e-15


HOSTILE = ('pre"diction\n</x>', "prediction", "v1", "fusion", "a:present", "a", "ünï ☃/\\'\x07", "route")


def test_hostile_names_of_modalities_and_classes_travel_as_they_are(made):
    encodings, blocks, part, singles = made
    encoding, block, fitted = encodings["voice"]["vectors"], blocks["voice"]["vectors"], singles["voice/linear"]
    blocks = {m: {"vectors": replace(block, modality=m)} for m in HOSTILE}
    own = {
        f"{m.replace('/', '|')}/linear": replace(
            fitted, predictor=replace(fitted.predictor, modality=m.replace("/", "|"))
        )
        for m in HOSTILE
    }
    blocks = {m.replace("/", "|"): views for m, views in blocks.items()}
    fusion = fit_mean(gather(own, {m: presence(v) for m, v in blocks.items()}, part), part).predictor
    classes = ('"', "\n☃", "prior")
    task = replace(part.task, classes=classes)
    model = Model(
        task=task,
        target="y\n",
        modalities=dict.fromkeys(blocks),
        encodings={m: {"vectors": replace(encoding, modality=m, columns=(f"column of {m}",))} for m in blocks},
        singles={name: f.predictor for name, f in own.items()},
        fusion=("mean", fusion),
        router=Router({}, tuple(own)),
        prior=part.prior,
    )
    content, inputs, outputs, _ = built(model)
    assert len({*outputs.names, *(i.name for i in inputs)}) == len(outputs.names) + len(inputs)
    assert outputs.prediction == "prediction"
    assert set(outputs.singles) == set(blocks)
    assert opened(content).run(outputs.names, fed(blocks, inputs))[0].shape == (len(part.y), 3)
    assert parity_of(model, blocks).largest < 1e-9


def test_more_modalities_than_a_table_holds_are_refused(made):
    encodings, _, part, singles = made
    many = {f"m{i:02}": encodings["voice"] for i in range(13)}
    with pytest.raises(InputError, match="at most 12 modalities"):
        built(model_of(many, part, singles))
