"""Every setting of the study, family by family."""

from __future__ import annotations

from collections.abc import Iterator

from fuseworthy.selftest.settings import Design, Population, Setting

GAIN = 0.483
"""Strength of a second modality that gains .050 nats over a first of strength 1 (canonical task T1)."""

TWIN = Population(((1.0, 1.0),), correlation=0.95)
NOISE = Population(((1.0, 0.0),))
WORTH = Population(((1.0, GAIN),))


def settings() -> tuple[Setting, ...]:
    """All of them, in the order of the table."""
    families = (nulls, gains, dependent_nulls, dependent_gains, held_out, other_targets, several_labels, other_metrics)
    return tuple(setting for family in families for setting in family())


def quick_settings() -> tuple[Setting, ...]:
    """One of each kind, the hardest that is cheap."""
    wanted = {
        ("20 useless fusions", 150),
        ("20 useless fusions", 400),
        ("twins, 20 useless fusions", 400),
        ("conditionally null b=0.6", 400),
        ("gain .05", 400),
        ("gain cancels noise", 400),
        ("20 groups, ICC 0.3", 600),
        ("noise in time, φ=0.8", 600),
        ("useless, 1 seed", 200),
        ("4 classes, noise", 400),
        ("regression, noise", 400),
        ("4 labels, 2 gain", 400),
        ("macro-f1, noise", 400),
    }
    return tuple(s for s in settings() if (s.name, s.design.rows) in wanted)


def nulls() -> Iterator[Setting]:
    """Nothing to gain: canonical tasks T6, T2 and T3, and a placebo."""
    for rows, runs in ((60, 400), (100, 400), (150, 400), (400, 400), (2000, 400), (20_000, 60)):
        yield Setting("20 useless fusions", "null", NOISE, Design(rows), 20, runs=runs)
    for rows in (150, 400):
        yield Setting("20 useless fusions, one pass", "null", NOISE, Design(rows, repeats=1), 20)
    yield Setting("20 useless fusions, controls", "null", NOISE, Design(400), 20, controls=True)
    yield Setting("32 useless fusions", "null", NOISE, Design(200), 32)
    yield Setting("20 useless fusions listed first", "null", NOISE, Design(400), 20, noise_first=True)
    for rows in (100, 150, 400):
        harm = ("HARMFUL", 0.35) if rows == 100 else None
        yield Setting("20 noise columns", "null", Population(((1.0, 0.0),), widths=(2, 20)), Design(rows), power=harm)
    for b in (0.3, 0.6, 0.9):
        for rows in (100, 150, 400, 2000) if b == 0.6 else (400,):
            dial = Population(((1.0, b),), correlation=b)
            settled = ("settled", 0.75) if (b, rows) == (0.6, 400) else None
            yield Setting(f"conditionally null b={b:g}", "null", dial, Design(rows), 2, power=settled)
    for rows in (60, 100, 150, 400, 2000):
        yield Setting("twins, 20 useless fusions", "twins", TWIN, Design(rows), 20)
    yield Setting("twins, controls", "twins", TWIN, Design(400), 5, controls=True)
    yield Setting("twins, one pass", "twins", TWIN, Design(400, repeats=1), 20)
    yield Setting("five twins", "twins", Population(((0.5,) * 5,), correlation=0.9), Design(400), 5)
    yield Setting("placebo", "null", Population(((1.0, 0.7),), moved=True), Design(400), 5)
    yield Setting("rare class, noise", "null", Population(((1.0, 0.0),), prevalence=0.1), Design(1000), 10)
    yield Setting("three modalities, noise", "null", Population(((1.0, 0.0, 0.0),)), Design(400), 5)
    yield Setting("five modalities, noise", "null", Population(((1.0, 0.0, 0.0, 0.0, 0.0),)), Design(400), 5)


def gains() -> Iterator[Setting]:
    """Something to gain: canonical tasks T1 and T4, and a gain just below the margin."""
    yield Setting("gain .05", "gain", WORTH, Design(60))
    yield Setting("gain .05", "gain", WORTH, Design(100))
    yield Setting("gain .05", "gain", WORTH, Design(150))
    yield Setting("gain .05", "gain", WORTH, Design(400), power=("superior", 0.80))
    yield Setting("gain .05", "gain", WORTH, Design(1500), power=("FUSE", 0.99))
    yield Setting("gain .05, 20 useless fusions", "gain", WORTH, Design(400), 20, power=("superior", 0.70))
    yield Setting("gain .05, 20 useless fusions listed first", "gain", WORTH, Design(400), 20, noise_first=True)
    yield Setting("gain .05, controls", "gain", WORTH, Design(400), 3, controls=True)
    yield Setting("gain .05, one pass", "gain", WORTH, Design(20_000), 20, power=("FUSE", 0.99), runs=60)
    yield Setting("gain just below the margin", "gain", Population(((1.0, 0.205),)), Design(2000), 3)
    canceller = Population(((1.0, 0.0),), correlation=0.8)
    yield Setting("gain cancels noise", "gain", canceller, Design(400), 3, power=("FUSE", 0.95))
    yield Setting(
        "rare class, gain", "gain", Population(((1.0, 0.7),), prevalence=0.1), Design(1000), 5, power=("superior", 0.95)
    )
    equal = Population(((0.5, 0.5),))
    yield Setting("two equal modalities, gain", "gain", equal, Design(400), 5, power=("superior", 0.80))
    yield Setting("three modalities, gain", "gain", Population(((1.0, 0.3, 0.3),)), Design(400), 5)


def dependent_nulls() -> Iterator[Setting]:
    """Nothing to gain in groups and in time."""
    for size in (5, 10, 30):
        for icc in (0.1, 0.3, 0.6):
            yield Setting(f"{600 // size} groups, ICC {icc:g}", "groups", NOISE, _groups(600, size, icc), 10)
    for size in (10, 30):
        design = Design(600, "groups", group_size=size, icc=0.3, skewed=True)
        yield Setting(f"{600 // size} groups of all sizes", "groups", NOISE, design, 10)
    for size in (5, 10, 30):
        design = Design(600, "groups", group_size=size, icc=0.3, fingerprint=True)
        prints = Population(((1.0, 0.0),), widths=(2, 8))
        yield Setting(f"{600 // size} groups, fingerprint", "groups", prints, design, 5)
    for size in (6, 20):
        design = Design(600, "groups", repeats=1, group_size=size, icc=0.3)
        yield Setting(f"{600 // size} groups, one pass", "groups", NOISE, design, 10)
    yield Setting("20 groups, twins", "groups", TWIN, _groups(600, 30, 0.3), 5)
    yield Setting("noise in time, φ=0", "time", NOISE, Design(300, "time"), 10)
    for ar in (0.5, 0.8, 0.95):
        for rows in (600, 2000):
            yield Setting(f"noise in time, φ={ar:g}", "time", NOISE, Design(rows, "time", ar=ar), 10)


def dependent_gains() -> Iterator[Setting]:
    """Something to gain in groups and in time."""
    gain = Population(((1.0, 0.6),))
    for size in (5, 10, 30):
        power = ("superior", 0.80) if size < 30 else None
        yield Setting(f"{600 // size} groups, gain", "groups", gain, _groups(600, size, 0.3), 5, power=power)
    yield Setting("60 groups, gain, controls", "groups", gain, _groups(600, 10, 0.3), 2, controls=True)
    skewed = Design(600, "groups", group_size=30, icc=0.3, skewed=True)
    yield Setting("20 groups of all sizes, gain", "groups", gain, skewed, 5)
    yield Setting("gain in time, φ=0", "time", gain, Design(300, "time"), 5)
    for ar in (0.5, 0.8, 0.95):
        for rows in (600, 2000):
            power = ("superior", 0.80) if (ar, rows) == (0.5, 2000) else None
            design = Design(rows, "time", ar=ar)
            yield Setting(f"gain in time, φ={ar:g}", "time", gain, design, 5, power=power)
            regression = Population(((1.0, 0.5),), "regression")
            yield Setting(f"regression in time, φ={ar:g}", "time", regression, design, 5)


def held_out() -> Iterator[Setting]:
    """One held-out set: the claim is about the models that were trained, one or three seeds of each."""
    for rows in (200, 1000):
        for seeds in (1, 3):
            design, many = Design(rows, "held-out", repeats=seeds), f"{seeds} seed{'s' * (seeds > 1)}"
            yield Setting(f"useless, {many}", "held-out", NOISE, design, 20)
            yield Setting(f"twins, {many}", "held-out", TWIN, design, 20)
            power = ("superior", 0.80) if rows == 1000 else None
            yield Setting(f"gain .05, {many}", "held-out", WORTH, design, 5, power=power)
    design = Design(600, "held-out", repeats=1, group_size=10, icc=0.3)
    yield Setting("useless, 60 groups", "held-out", NOISE, design, 20)


def other_targets() -> Iterator[Setting]:
    """Four classes (canonical task T13's kind), and regression (T12's)."""
    yield Setting("4 classes, noise", "multiclass", Population(((1.0, 0.0),), "multiclass"), Design(400), 10)
    dial = Population(((1.0, 0.6),), "multiclass", correlation=0.6)
    yield Setting("4 classes, conditionally null", "multiclass", dial, Design(400), 10)
    gain = Population(((1.0, 0.6),), "multiclass")
    yield Setting("4 classes, gain", "multiclass", gain, Design(400), 5, power=("superior", 0.95))
    for rows in (60, 100, 400):
        yield Setting("regression, noise", "regression", Population(((1.0, 0.0),), "regression"), Design(rows), 20)
    dial = Population(((1.0, 0.0),), "regression", correlation=0.6)
    yield Setting("regression, conditionally null", "regression", dial, Design(400), 10)
    twins = Population(((0.7, 0.7),), "regression", correlation=0.95)
    yield Setting("regression, twins", "regression", twins, Design(400), 10)
    gain = Population(((1.0, 0.5),), "regression")
    yield Setting("regression, gain", "regression", gain, Design(400), 5, power=("superior", 0.95))


def several_labels() -> Iterator[Setting]:
    """Several labels a row (canonical task T18's kind): the joint verdict, and every label's own."""

    def labels(*second: float) -> Population:
        return Population(tuple((1.0, b) for b in second))

    yield Setting("4 labels, none gains", "labels", labels(0, 0, 0, 0), Design(400), 5)
    yield Setting("4 labels, 2 gain", "labels", labels(0.6, 0, 0.6, 0), Design(400), 5, power=("superior", 0.80))
    yield Setting("8 labels, 2 gain", "labels", labels(0.6, 0, 0, 0, 0, 0, 0, 0.6), Design(400), 2)
    twins = Population(((1.0, 1.0),) * 4, correlation=0.95)
    yield Setting("4 labels, twins", "labels", twins, Design(400), 5)


def other_metrics() -> Iterator[Setting]:
    """The verdict on a metric instead of the proper loss."""
    for metric in ("auc", "macro-f1", "accuracy"):
        for rows in (150, 400):
            yield Setting(f"{metric}, noise", metric, NOISE, Design(rows), 10, decide_on=metric)
            yield Setting(f"{metric}, twins", metric, TWIN, Design(rows), 10, decide_on=metric)
            gain = Population(((1.0, 0.7),))
            yield Setting(f"{metric}, gain", metric, gain, Design(rows), 3, decide_on=metric)


def _groups(rows: int, size: int, icc: float) -> Design:
    return Design(rows, "groups", group_size=size, icc=icc)
