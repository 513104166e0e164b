"""What a whole study costs beside one stacked pipeline of scikit-learn, on the same rows and folds, in one run.

    python benchmarks/cost.py [--jobs 2]

The pipeline: TF-IDF of words and word pairs with logistic regression, one-hot table with histogram gradient boosting,
`StackingClassifier` with its five inner folds; five outer folds. The study: every single, fusion and control. Both in
CPU seconds, single-threaded kernels.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, StackingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import fuseworthy as fw
from fuseworthy import datasets
from gallery import cpu_seconds
from gallery_questions import QUESTIONS
from records import HERE, commit, machine, save


def by_hand() -> StackingClassifier:
    """The pipeline one would write without this package."""
    table = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["division", "department", "class_name"]),
        ("passthrough", ["age", "feedback_count"]),
    )
    text = ColumnTransformer([("words", TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True), "words")])
    return StackingClassifier(
        [
            ("text", make_pipeline(text, LogisticRegression(C=5, max_iter=1000))),
            ("table", make_pipeline(table, HistGradientBoostingClassifier(random_state=0))),
        ],
        LogisticRegression(),
        cv=5,
        stack_method="predict_proba",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    jobs = parser.parse_args().jobs
    os.environ["FUSEWORTHY_CACHE"] = str(HERE / "results" / ".cache")
    table = datasets.load("reviews")
    asked = QUESTIONS["reviews-recommended"]

    start = cpu_seconds()
    study = fw.compare(table, "recommended", id="id", modalities=asked.chosen(), jobs=jobs, repeats=1, folds=5)
    ours = cpu_seconds() - start

    frame, y, folds = table.to_pandas(), study.ledger.y, study.ledger.folds
    frame["words"] = frame["title"].fillna("") + "\n" + frame["text"].fillna("")
    start, p = cpu_seconds(), np.zeros(len(y))
    for k in range(5):
        train, test = folds.train(0, k), folds.test(0, k)
        p[test] = by_hand().fit(frame.iloc[train], y[train]).predict_proba(frame.iloc[test])[:, 1]
    theirs = cpu_seconds() - start
    auc = float(np.mean([roc_auc_score(y[folds.test(0, k)], p[folds.test(0, k)]) for k in range(5)]))
    row = {
        "commit": commit(),
        "study_cpu": ours,
        "pipeline_cpu": theirs,
        "ratio": ours / theirs,
        "pipeline_auc": auc,
        "pipeline_log_loss": log_loss(y, p),
        "study_auc": study.verdict.headline.single,
        "strategies": len(study.ledger.strategies),
    }
    save("cost", [row])
    print(f"commit {commit()}; {machine()}")
    print(
        f"study of {row['strategies']} strategies {ours:.0f} CPU-s, one stacked pipeline {theirs:.0f} CPU-s: ratio "
        f"{ours / theirs:.2f}; AUC of the best single {row['study_auc']:.4f}, of the pipeline {auc:.4f}"
    )


if __name__ == "__main__":
    main()
