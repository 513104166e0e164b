"""Fusion networks in plain PyTorch: modalities in by name, any of them may be missing, logits out."""

from __future__ import annotations

from fuseworthy.nn.bottleneck import BottleneckFusion
from fuseworthy.nn.concat import ConcatFusion
from fuseworthy.nn.convolutional import ConvolutionalGrid
from fuseworthy.nn.cross_attention import CrossAttentionFusion
from fuseworthy.nn.crossmodal import CrossmodalTransformer
from fuseworthy.nn.end_to_end import EndToEnd
from fuseworthy.nn.energy_weighted import EnergyWeightedFusion
from fuseworthy.nn.evidential import EvidentialFusion
from fuseworthy.nn.film import FiLMFusion
from fuseworthy.nn.fusion import Attention, AttentionMap, Fusion, Tokens
from fuseworthy.nn.gated import GatedFusion
from fuseworthy.nn.hybrid import Hybrid
from fuseworthy.nn.interleaved import InterleavedFusion
from fuseworthy.nn.low_rank import LowRankFusion
from fuseworthy.nn.mixture_of_experts import MixtureOfExperts
from fuseworthy.nn.modality_weights import ModalityWeights
from fuseworthy.nn.perceiver import PerceiverFusion
from fuseworthy.nn.product_of_experts import ProductOfExperts
from fuseworthy.nn.tensor import TensorFusion
from fuseworthy.nn.token_transformer import TokenTransformer

FUSIONS: dict[str, type[Fusion]] = {
    "concat": ConcatFusion,
    "modality-weights": ModalityWeights,
    "gated": GatedFusion,
    "tensor": TensorFusion,
    "low-rank": LowRankFusion,
    "film": FiLMFusion,
    "product-of-experts": ProductOfExperts,
    "token-transformer": TokenTransformer,
    "cross-attention": CrossAttentionFusion,
    "crossmodal": CrossmodalTransformer,
    "bottleneck": BottleneckFusion,
    "perceiver": PerceiverFusion,
    "interleaved": InterleavedFusion,
    "evidential": EvidentialFusion,
    "energy-weighted": EnergyWeightedFusion,
    "mixture-of-experts": MixtureOfExperts,
}
"""Every fusion by its name on the command line."""

__all__ = [
    "FUSIONS",
    "Attention",
    "AttentionMap",
    "BottleneckFusion",
    "ConcatFusion",
    "ConvolutionalGrid",
    "CrossAttentionFusion",
    "CrossmodalTransformer",
    "EndToEnd",
    "EnergyWeightedFusion",
    "EvidentialFusion",
    "FiLMFusion",
    "Fusion",
    "GatedFusion",
    "Hybrid",
    "InterleavedFusion",
    "LowRankFusion",
    "MixtureOfExperts",
    "ModalityWeights",
    "PerceiverFusion",
    "ProductOfExperts",
    "TensorFusion",
    "TokenTransformer",
    "Tokens",
]
