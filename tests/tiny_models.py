"""Transformers of two small random layers, saved as users' folders are."""

import json

import numpy as np
import pytest

WORDS = ("red", "blue", "cat", "dog", "a", "the", "is", "in", "on")
SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
VISION = SMALL | {"image_size": 32, "patch_size": 8}


def transformers():
    return pytest.importorskip("transformers", reason="the extra transformers is not installed")


def tokeniser():
    """One token a word, between a first and a last one."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    known = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    found = Tokenizer(models.WordLevel({word: i for i, word in enumerate(known)}, unk_token="[UNK]"))
    found.pre_tokenizer = pre_tokenizers.Whitespace()
    found.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return found


def saved(folder, *parts):
    library = transformers()
    library.utils.logging.disable_progress_bar()
    for part in parts:
        part.save_pretrained(folder)
    return folder


def text_model(folder, *, pooling=None, modules=("Pooling",)):
    """A BERT; with ``pooling`` the files of sentence-transformers beside it."""
    import torch

    library = transformers()
    torch.manual_seed(0)
    model = library.BertModel(library.BertConfig(vocab_size=len(WORDS) + 5, max_position_embeddings=40, **SMALL))
    signs = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    saved(folder, model, library.PreTrainedTokenizerFast(tokenizer_object=tokeniser(), **signs))
    if pooling is not None:
        steps = [{"path": "", "type": "sentence_transformers.models.Transformer"}]
        steps += [{"path": f"{i}_{m}", "type": f"sentence_transformers.models.{m}"} for i, m in enumerate(modules, 1)]
        (folder / "modules.json").write_text(json.dumps(steps), encoding="utf-8")
        (folder / "1_Pooling").mkdir()
        (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling), encoding="utf-8")
    return folder


def vision_model(folder):
    import torch

    library = transformers()
    torch.manual_seed(0)
    processor = library.ViTImageProcessorPil(size={"height": 32, "width": 32})
    return saved(folder, library.ViTModel(library.ViTConfig(**VISION)), processor)


def pair_model(folder):
    """A CLIP: one half reads texts, the other sees."""
    import torch

    library = transformers()
    torch.manual_seed(0)
    text = SMALL | {"vocab_size": 14, "bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0}
    config = library.CLIPConfig(text_config=text, vision_config=VISION, projection_dim=8)
    processor = library.CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    return saved(folder, library.CLIPModel(config), processor)


def sound_model(folder):
    import torch

    library = transformers()
    torch.manual_seed(0)
    shape = {"conv_dim": (16, 16), "conv_stride": (20, 16), "conv_kernel": (25, 16)}
    config = library.Wav2Vec2Config(num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2, **shape, **SMALL)
    return saved(folder, library.Wav2Vec2Model(config), library.Wav2Vec2FeatureExtractor(sampling_rate=16_000))


def static_model(folder):
    library = pytest.importorskip("model2vec", reason="the extra model2vec is not installed")
    vectors = np.random.default_rng(0).normal(size=(len(WORDS) + 5, 12)).astype(np.float32)
    library.StaticModel(vectors, tokeniser()).save_pretrained(folder)
    return folder
