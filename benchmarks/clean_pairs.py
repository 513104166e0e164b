"""Twenty kinds of two modalities whose rows belong together, and ways to mis-join them."""

from __future__ import annotations

import numpy as np

Pair = tuple[np.ndarray, np.ndarray]
SIZES, OWN, LATENT = (400, 1000, 3000, 5000, 2000, 600), (0.2, 0.5, 1.0, 2.0), (2, 4, 8, 12)


def viewed(z: np.ndarray, own: float, rng: np.random.Generator, tail: float | None = None) -> Pair:
    """Two views of latent rows, 16 and 24 numbers wide, each with noise of its own in every latent direction."""

    def draw(shape: tuple[int, ...]) -> np.ndarray:
        return rng.standard_t(tail, size=shape) if tail else rng.normal(size=shape)

    left, right = (
        (z + own * draw(z.shape)) @ rng.normal(size=(z.shape[1], d)) + 0.1 * draw((len(z), d)) for d in (16, 24)
    )
    return left, right


def walk(n: int, k: int, keep: float, rng: np.random.Generator) -> np.ndarray:
    """Autoregressive series of variance one."""
    z, noise = np.zeros((n, k)), np.sqrt(1 - keep**2) * rng.normal(size=(n, k))
    for i in range(1, n):
        z[i] = keep * z[i - 1] + noise[i]
    return z


def waves(n: int, k: int, rng: np.random.Generator) -> np.ndarray:
    periods = rng.permutation([12, 24, 37, 44, 50, 55, 66, 77, 90, 99, 168, 300])[:k]
    return np.sin(2 * np.pi * np.arange(n)[:, None] / periods + rng.uniform(0, 6, k))


def _one_side_noise(pair: Pair, rows: np.ndarray | slice, rng: np.random.Generator) -> Pair:
    left, right = pair
    right[rows] = rng.normal(size=right[rows].shape) * right.std(axis=0)
    return left, right


def _mislabelled(z: np.ndarray, own: float, rng: np.random.Generator) -> Pair:
    """A fifth of the rows shows another of twenty clusters to the right view: noise that looks like a swap."""
    centres, label = 3 * rng.normal(size=(20, z.shape[1])), rng.integers(20, size=len(z))
    other = np.where(rng.random(len(z)) < 0.2, rng.integers(20, size=len(z)), label)
    left = viewed(centres[label], own, rng)[0]
    return left, viewed(centres[other], own, rng)[1]


def _grouped(z: np.ndarray, own: float, rng: np.random.Generator, groups: int, without: float) -> Pair:
    """Groups one after another; some of them show nothing of themselves on the right."""
    centres, label = 2 * rng.normal(size=(groups, z.shape[1])), np.sort(rng.integers(groups, size=len(z)))
    mute = (rng.random(groups) < without)[label]
    return _one_side_noise(viewed(centres[label] + 0.5 * z, own, rng), mute, rng)


def _repeated(z: np.ndarray, own: float, rng: np.random.Generator) -> Pair:
    source, copies = np.arange(len(z)), rng.choice(len(z), len(z) // 5, replace=False)
    source[copies] = rng.integers(len(z), size=len(copies))
    left, right = viewed(z, own, rng)
    return left[source], right[source]


def _jittered(z: np.ndarray, own: float, rng: np.random.Generator) -> Pair:
    left, right = viewed(z, own, rng)
    source = np.arange(len(z)) // 2
    return left[source], right[source] + 0.1 * rng.normal(size=right.shape)


def _flipped(z: np.ndarray, own: float, rng: np.random.Generator) -> Pair:
    mixing = rng.normal(size=(z.shape[1], 24))
    turned = np.where(rng.random(len(z))[:, None] < 0.2, -z, z)
    return viewed(z, own, rng)[0], turned @ mixing + 0.3 * own * rng.normal(size=(len(z), 24))


def _coded(z: np.ndarray, own: float, rng: np.random.Generator) -> Pair:
    left, right = viewed(z, own, rng)
    return (left[:, :6] > 0).astype(float), np.round(right[:, :8])


def _bent(z: np.ndarray, own: float, rng: np.random.Generator) -> Pair:
    left, right = viewed(z, own, rng)
    return np.abs(left) ** 1.5 + left, np.tanh(right)


def _sorted(z: np.ndarray, own: float, rng: np.random.Generator) -> Pair:
    return viewed(z[np.argsort(z[:, 0])], own, rng)


def _clusters(z: np.ndarray, own: float, rng: np.random.Generator) -> Pair:
    return viewed(3 * rng.normal(size=(5, z.shape[1]))[rng.integers(5, size=len(z))] + 0.3 * z, own, rng)


KINDS = {
    "plain": lambda z, own, rng: viewed(z, own, rng),
    "heavy tails": lambda z, own, rng: viewed(rng.standard_t(2, size=z.shape), own, rng, 2),
    "heavy noise": lambda z, own, rng: viewed(z, own, rng, 3),
    "five clusters": _clusters,
    "twenty clusters, a fifth mislabelled": _mislabelled,
    "200 groups in order": lambda z, own, rng: _grouped(z, own, rng, 200, 0.0),
    "50 groups in order, some mute": lambda z, own, rng: _grouped(z, own, rng, 50, 0.15),
    "a fifth copies": _repeated,
    "every row twice, one side jittered": _jittered,
    "series, .9": lambda z, own, rng: viewed(walk(*z.shape, 0.9, rng), own, rng),
    "series, .99": lambda z, own, rng: viewed(walk(*z.shape, 0.99, rng), own, rng),
    "periodic": lambda z, own, rng: viewed(waves(*z.shape, rng), 0.5 * own, rng),
    "15 % bad on one side": lambda z, own, rng: _one_side_noise(viewed(z, own, rng), rng.random(len(z)) < 0.15, rng),
    "a stretch of noise": lambda z, own, rng: _one_side_noise(
        viewed(z, own, rng), slice(len(z) // 3, len(z) // 2), rng
    ),
    "a fifth turned round": _flipped,
    "bent": _bent,
    "codes and whole numbers": _coded,
    "sorted": _sorted,
    "no link": lambda z, own, rng: (rng.normal(size=(len(z), 16)), rng.normal(size=(len(z), 24))),
    "random walks": lambda z, own, rng: viewed(0.05 * np.cumsum(z, axis=0), own, rng),
}


def clean_pair(number: int) -> tuple[str, Pair]:
    """The kind and the features of one clean set; sizes, strength of the link and latent directions go round."""
    rng, kind, turn = np.random.default_rng(1000 + number), number % len(KINDS), number // len(KINDS)
    n, own, k = SIZES[turn % 6], OWN[(turn + kind) % 4], LATENT[(3 * turn + kind) % 4]
    name = list(KINDS)[kind]
    return name, KINDS[name](rng.normal(size=(n, k)), own, rng)


STRENGTHS = {"strong": (0.23, 8), "medium": (1.0, 8), "weak": (1.0, 2)}
"""Noise beside each latent direction, and how many there are: correlations of .95 and .50 in each."""


def linked_pair(strength: str, n: int, seed: int) -> Pair:
    own, k = STRENGTHS[strength]
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, k))
    if k == 2:  # most of what there is to see says nothing of the other
        left, right = (np.hstack([z + own * rng.normal(size=z.shape), rng.normal(size=(n, 10))]) for _ in "ab")
        return left @ rng.normal(size=(12, 16)), right @ rng.normal(size=(12, 24))
    return viewed(z, own, rng)


def misjoin(n: int, how: str, share: float, rng: np.random.Generator) -> np.ndarray:
    """Which row of the second modality each row gets."""
    order, m = np.arange(n), round(share * n)
    if how == "shuffled":
        rows = rng.choice(n, m, replace=False)
        order[rows] = rows[rng.permutation(m)]
    elif how == "off by one":  # from a point on
        order[n - m :] = np.roll(order[n - m :], 1)
    else:  # a block, moved within itself
        start = rng.integers(0, n - m + 1)
        order[start : start + m] = np.roll(order[start : start + m], max(1, min(37, m // 3)))
    return order
