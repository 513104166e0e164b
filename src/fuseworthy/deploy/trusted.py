"""What a model's files may hold: every type that is built when one is read, reviewed one by one.

skops trusts all of scikit-learn by default; this list is shorter, and replaces its own. None of these types runs code
that the file brings: they are filled with numbers, text and each other. `fuseworthy.deploy.soundness` looks at those whose
numbers are used as addresses.
"""

from __future__ import annotations

OURS = frozenset(
    f"fuseworthy.strategies.{name}"
    for name in (
        "calibration.Calibrator",
        "custom.PriorForNothing",
        "design.Layout",
        "early.BlockPenalised",
        "early.JointPredictor",
        "features.Leveled",
        "features.ReducedVectors",
        "features.ScaledVectors",
        "features.TableCells",
        "features.TableDesign",
        "features.TokenTopics",
        "features.TokenVectors",
        "features.TokenWeights",
        "features.WideVectors",
        "late.PooledPredictor",
        "neural.NeuralPredictor",
        "part.Constant",
        "patterns.CalibratedPool",
        "patterns.PatternStacker",
        "pools.LogPool",
        "pools.Stacker",
        "pools.WeightedPool",
        "singles.SinglePredictor",
    )
) | {"fuseworthy.task.Task"}
SCIKIT_LEARN = frozenset(
    f"sklearn.{name}"
    for name in (
        "_loss.link.IdentityLink",
        "_loss.link.Interval",
        "_loss.link.LogitLink",
        "_loss.link.MultinomialLogit",
        "_loss.loss.HalfBinomialLoss",
        "_loss.loss.HalfMultinomialLoss",
        "_loss.loss.HalfSquaredError",
        "compose._column_transformer.ColumnTransformer",
        "decomposition._pca.PCA",
        "decomposition._truncated_svd.TruncatedSVD",
        "dummy.DummyClassifier",
        "ensemble._forest.RandomForestClassifier",
        "ensemble._forest.RandomForestRegressor",
        "ensemble._hist_gradient_boosting.binning._BinMapper",
        "ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier",
        "ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingRegressor",
        "ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "feature_extraction.text.TfidfTransformer",
        "linear_model._logistic.LogisticRegression",
        "linear_model._ridge.Ridge",
        "neighbors._classification.KNeighborsClassifier",
        "neighbors._regression.KNeighborsRegressor",
        "preprocessing._encoders.OrdinalEncoder",
        "preprocessing._function_transformer.FunctionTransformer",
        "preprocessing._label.LabelEncoder",
        "tree._classes.DecisionTreeClassifier",
        "tree._classes.DecisionTreeRegressor",
    )
)
BUILT = {
    "ObjectNode": OURS | SCIKIT_LEARN,
    "TreeNode": frozenset({"sklearn.tree._tree.Tree"}),
    "LossNode": frozenset(
        f"sklearn._loss._loss.{name}" for name in ("CyHalfBinomialLoss", "CyHalfMultinomialLoss", "CyHalfSquaredError")
    ),
    "NdArrayNode": frozenset(f"numpy.{name}" for name in ("float32", "float64", "int64", "ndarray", "uint64")),
    "DictNode": frozenset({"builtins.dict"}),
    "ListNode": frozenset({"builtins.list"}),
    "TupleNode": frozenset({"builtins.tuple"}),
    "SliceNode": frozenset({"builtins.slice"}),
    "JsonNode": frozenset({"builtins.str"}),
    "TypeNode": frozenset({"builtins.int", "builtins.str", "numpy.float64"}),
    "PartialNode": frozenset({"functools.partial"}),
    "FunctionNode": frozenset({"sklearn.utils.validation.check_array"}),
}
"""How skops builds them: the name of its node -> the types that it may build. Numbers and text of JSON are all ``str``."""
TRUSTED: frozenset[str] = frozenset().union(*BUILT.values())
