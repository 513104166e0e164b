"""Good models on disk, and learners that are quick."""

import copy
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
from small_models import model_of, rows_of

from quick_learners import quick_learners


@pytest.fixture(scope="module", autouse=True)  # folders without __init__ are no packages to pytest
def quick():
    with quick_learners():
        yield


@pytest.fixture(scope="session")
def good(tmp_path_factory):
    """Folders of a model of every kind of tree and neighbour, and of one with a network; and rows for both."""
    root = tmp_path_factory.mktemp("good")
    pq.write_table(rows_of()[0].slice(0, 40), root / "rows.parquet")
    with quick_learners():
        singles = {"photo": "neighbours", "table": "forest"}
        model = model_of("early-boosting", singles=singles)
        forest = model.singles["table/forest"].model
        cut = copy.copy(forest)
        cut.estimators_ = forest.estimators_[:4]  # so that hundreds of copies are read in no time
        kept = dict(model.singles) | {"table/forest": replace(model.singles["table/forest"], model=cut)}
        trees = replace(model, singles=kept).save(root / "trees")
        network = model_of("concat").save(root / "network")
    return trees, network
