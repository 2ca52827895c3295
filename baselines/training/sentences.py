"""MiniLM, which baselines train on tasks with `backbone = "finetuned"`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from spurgen.baselines.training.encoders import load_minilm
from spurgen.baselines.training.tokens import PADDING
from spurgen.benchmark.contract import Int64

LENGTH = 128


@dataclass(frozen=True)
class WordPieces:
    """MiniLM's own tokens, as rows of `LENGTH` ids."""

    tokenizer: Any = field(repr=False)  # transformers ships no types

    @classmethod
    def load(cls) -> Self:
        """Load MiniLM's tokens."""
        return cls(load_minilm("cpu").tokenizer)

    def encode(self, captions: Sequence[str]) -> Int64:
        """Return ids, int64 (n, `LENGTH`): padding is 0, longer captions are cut."""
        ids = self.tokenizer(list(captions), padding="max_length", truncation=True, max_length=LENGTH)["input_ids"]
        return np.array(ids, np.int64).reshape(-1, LENGTH)


class SentenceEncoder(nn.Module):
    """Encoder of token ids (n, L) to features (n, `width`), in float32: the last layer's mean."""

    width = 384

    def __init__(self) -> None:
        super().__init__()
        self.trunk = load_minilm("cpu")[0].auto_model

    def embed(self, tokens: Tensor) -> Tensor:
        """Return word vectors float32 (n, L, width + 1); the last entry is 1 at tokens, 0 at padding."""
        vectors: Tensor = self.trunk.embeddings.word_embeddings(tokens)
        return torch.cat([vectors, (tokens != PADDING).unsqueeze(2)], dim=2)

    def forward(self, embedded: Tensor) -> Tensor:
        """Return features (n, width) of embedded captions."""
        longest = int(embedded[..., -1].sum(1).max())
        vectors, mask = embedded[:, :longest, :-1], embedded[:, :longest, -1]
        with torch.autocast(embedded.device.type, enabled=False):
            hidden: Tensor = self.trunk(inputs_embeds=vectors, attention_mask=mask).last_hidden_state
        return (hidden * mask.unsqueeze(2)).sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
