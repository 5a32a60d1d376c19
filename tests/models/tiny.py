"""A tiny encoder with random weights and a tokenizer of whole words: the way of any encoder without its cost."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from models.annotations import AnnotatedPassage


def make_encoder(folder: Path, passages: list[AnnotatedPassage], *, kind: str = "bert", **shape: object) -> Path:
    """Write config, weights and tokenizer of a small random encoder; `kind` is a model type of the transformers library.

    What `shape` names replaces what its configuration would have.
    """
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import AutoConfig, AutoModel

    words: Counter[str] = Counter()
    for one in passages:
        words.update(one.passage.text.lower().split())
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *(word for word, _ in words.most_common(600))]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(vocabulary)}, unk_token="[UNK]"))  # noqa: S106  # a token of text, no secret
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    sizes = {"vocab_size": len(vocabulary), "max_position_embeddings": 512, "pad_token_id": 0, **shape}
    if kind == "distilbert":
        config = AutoConfig.for_model(kind, dim=32, n_layers=2, n_heads=2, hidden_dim=64, **sizes)
    else:
        config = AutoConfig.for_model(
            kind, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, **sizes
        )
    torch.manual_seed(0)
    AutoModel.from_config(config).save_pretrained(folder)  # type: ignore[no-untyped-call]  # the library leaves it untyped
    return folder
