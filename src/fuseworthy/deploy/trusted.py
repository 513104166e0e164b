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
        "_loss._loss.CyHalfBinomialLoss",
        "_loss._loss.CyHalfMultinomialLoss",
        "_loss._loss.CyHalfSquaredError",
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
        "tree._tree.Tree",
        "utils.validation.check_array",
    )
)
PLAIN = frozenset(
    {
        "builtins.bool",
        "builtins.dict",
        "builtins.float",
        "builtins.int",
        "builtins.list",
        "builtins.NoneType",
        "builtins.slice",
        "builtins.str",
        "builtins.tuple",
        "functools.partial",
        "numpy.bool",
        "numpy.float32",
        "numpy.float64",
        "numpy.int32",
        "numpy.int64",
        "numpy.ndarray",
        "numpy.random._generator.Generator",
        "numpy.random._pcg64.PCG64",
        "numpy.uint8",
        "numpy.uint64",
    }
)
TRUSTED = OURS | SCIKIT_LEARN | PLAIN
LOADERS = frozenset(
    {
        "DictNode",
        "FunctionNode",
        "JsonNode",
        "ListNode",
        "LossNode",
        "NdArrayNode",
        "ObjectNode",
        "PartialNode",
        "RandomGeneratorNode",
        "SliceNode",
        "TreeNode",
        "TupleNode",
        "TypeNode",
        "CachedNode",
    }
)
"""The ways of skops in which they are built."""
