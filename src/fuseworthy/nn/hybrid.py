"""Fusion in stages: some modalities first, their result with the others later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor, nn

from fuseworthy.nn.fusion import Attention, AttentionMap, Fusion, Tokens
from fuseworthy.nn.gated import GatedFusion
from fuseworthy.nn.interleaved import InterleavedFusion

Spec: TypeAlias = "str | Sequence[str] | Mapping[str, Spec]"
"""A modality; or modalities fused with each other; or named parts, each of them again a spec."""


class Hybrid(Fusion):
    """A tree of fusions: an inner node's modalities become one vector, which is a modality of the node above.

    For modalities that belong together before others join, such as sound and picture before text: intermediate fusion
    with a learned or given tree (Baltrušaitis, Ahuja and Morency 2019, section 6). A node is present where any of its
    members is.

    Parameters
    ----------
    spec : mapping of str to spec
        The outermost node's parts: each a modality's name, a list of names, or again a mapping. Every modality exactly
        once.
    inputs, outputs, width, dropout
        As of `Fusion`.
    inner : type of Fusion
        How inner nodes fuse.
    outer : type of Fusion
        How the outermost node fuses; its loss is the loss.

    **Shape**: inputs (n, features) or (n, t, features) each; output (n, outputs); share (n, M), the product of the
    shares along the tree, None where a node has none.

    Examples
    --------
    >>> sizes = {"audio": 8, "video": 9, "text": 5}
    >>> fusion = Hybrid(spec={"av": ["audio", "video"], "text": "text"}, inputs=sizes, outputs=3)
    >>> fusion({"audio": torch.randn(4, 50, 8), "text": torch.randn(4, 5)}).shape
    torch.Size([4, 3])
    """

    def __init__(
        self,
        *,
        spec: Mapping[str, Spec],
        inputs: Mapping[str, int],
        outputs: int,
        width: int = 64,
        dropout: float = 0.0,
        inner: type[Fusion] = InterleavedFusion,
        outer: type[Fusion] = GatedFusion,
    ) -> None:
        check_spec(spec, inputs)
        super().__init__(inputs=inputs, outputs=outputs, width=width, dropout=dropout)

        def grow(kind: type[Fusion], parts: Mapping[str, Spec], size: int) -> Node:
            below = {name: grow(inner, named(part), width) for name, part in parts.items() if not isinstance(part, str)}
            leaves = {name: part for name, part in parts.items() if isinstance(part, str)}
            sizes = dict.fromkeys(below, width) | {name: inputs[leaf] for name, leaf in leaves.items()}
            return Node(kind(inputs=sizes, outputs=size, width=width, dropout=dropout), leaves, below)

        self.root = grow(outer, spec, outputs)
        for name, projection in self.root.give_up_leaves().items():
            self.projections[str(self.names.index(name))] = projection

    def row_loss(self, tokens: Tokens, target: Tensor, *, progress: float = 1.0) -> tuple[Tensor, Tensor]:
        """Loss of the outermost node."""
        gathered, _ = self.root.gather(tokens)
        return self.root.fusion.row_loss(gathered, target, progress=progress)

    def _combine(self, tokens: Tokens, explain: bool) -> tuple[Tensor, Attention]:
        answer, _, explained = self.root(tokens, explain=explain)
        share = None
        if explained.shares is not None:
            share = torch.stack([explained.shares[name] for name in self.names], dim=1)
        return answer, Attention(share, self.names, explained.maps)


class Node(nn.Module):
    """One fusion of the tree, over modalities (leaves) and other nodes (below)."""

    def __init__(self, fusion: Fusion, leaves: Mapping[str, str], below: Mapping[str, Node]) -> None:
        super().__init__()
        self.fusion, self.leaves = fusion, dict(leaves)
        self.places = {name: str(i) for i, name in enumerate(fusion.names)}
        self.below = nn.ModuleDict({self.places[name]: node for name, node in sorted(below.items())})

    def give_up_leaves(self) -> dict[str, nn.Module]:
        """Take the projections of modalities out of the tree: they belong to the whole."""
        given = {leaf: self.fusion.projections.pop(self.places[name]) for name, leaf in self.leaves.items()}
        for node in self.below.values():
            assert isinstance(node, Node)
            given |= node.give_up_leaves()
        return given

    def gather(self, tokens: Tokens, *, explain: bool = False) -> tuple[Tokens, dict[str, Explained]]:
        """What this node fuses: its modalities' tokens, and what the nodes below made of theirs."""
        gathered, explained = Tokens({}, {}, {}, {}), {}
        for name, place in self.places.items():
            if name in self.leaves:
                leaf = self.leaves[name]
                gathered.values[name], gathered.mask[name] = tokens.values[leaf], tokens.mask[leaf]
                gathered.present[name] = tokens.present[leaf]
                if leaf in tokens.times:
                    gathered.times[name] = tokens.times[leaf]
                continue
            node = self.below[place]
            assert isinstance(node, Node)
            vector, present, explained[name] = node(tokens, explain=explain)
            projected = self.fusion.projections[place](vector, present)
            gathered.values[name], gathered.mask[name], gathered.present[name] = projected
        return gathered, explained

    def forward(self, tokens: Tokens, *, explain: bool = False) -> tuple[Tensor, Tensor, Explained]:
        """The node's output, who has any of its members, (n,) bool, and the explanation if asked for."""
        gathered, below = self.gather(tokens, explain=explain)
        present = gathered.presence().any(1)
        if not explain:
            answer = self.fusion.fuse(gathered)
            assert isinstance(answer, Tensor)
            return answer, present, Explained(None, ())
        answer, attention = self.fusion.fuse(gathered, return_attention=True)
        assert isinstance(attention, Attention)
        maps = attention.maps + tuple(table for inside in below.values() for table in inside.maps)
        return answer, present, Explained(self._leaf_shares(attention.share, below), maps)

    def _leaf_shares(self, share: Tensor | None, below: Mapping[str, Explained]) -> dict[str, Tensor] | None:
        if share is None:
            return None
        shares = {}
        for m, name in enumerate(self.places):
            if name in self.leaves:
                shares[self.leaves[name]] = share[:, m]
                continue
            inside = below[name].shares
            if inside is None:
                return None
            shares |= {leaf: share[:, m] * part for leaf, part in inside.items()}
        return shares


@dataclass(frozen=True)
class Explained:
    """Shares of the modalities in a node, (n,) each, and the attention maps of it and of those below."""

    shares: dict[str, Tensor] | None
    maps: tuple[AttentionMap, ...]


def named(part: Spec) -> Mapping[str, Spec]:
    """A list of modalities as a mapping of each to itself."""
    if isinstance(part, Mapping):
        return part
    return {part: part} if isinstance(part, str) else {name: name for name in part}


def leaves_of(part: Spec) -> list[str]:
    """Every modality in a spec, in its order.

    Examples
    --------
    >>> leaves_of({"av": ["audio", "video"], "words": "text"})
    ['audio', 'video', 'text']
    """
    if isinstance(part, str):
        return [part]
    return [leaf for inside in (part.values() if isinstance(part, Mapping) else part) for leaf in leaves_of(inside)]


def check_spec(spec: Mapping[str, Spec], inputs: Mapping[str, int]) -> None:
    """Raise ValueError unless the spec names every input exactly once."""
    leaves = leaves_of(spec)
    for name in sorted({*leaves, *inputs}):
        times = leaves.count(name)
        if name not in inputs:
            raise ValueError(
                f"spec must name inputs ({', '.join(sorted(inputs))}), but it names {name!r}. Add its size."
            )
        if times != 1:
            raise ValueError(
                f"spec must name every modality exactly once, but {name!r} is there {times} times. "
                f"{'Add it to a part.' if times == 0 else 'Leave it in one part.'}"
            )
