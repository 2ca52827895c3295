"""Any text or vision encoder of transformers: returns features; the harness fits the linear probe."""

import torch
from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

AT_ONCE = 64


class TextEncoder:
    """A caption encoder that averages over tokens; `place` is a model's folder or its name on the hub."""

    MODALITIES = frozenset({"text"})

    def __init__(self, place):
        self.tokenizer = AutoTokenizer.from_pretrained(place)
        self.model = AutoModel.from_pretrained(place).eval()

    @torch.inference_mode()
    def encode(self, batch):
        """Return the mean of the last hidden states, (n, d)."""
        features = []
        for start in range(0, len(batch), AT_ONCE):
            tokens = self.tokenizer(
                batch.captions[start : start + AT_ONCE], padding=True, truncation=True, return_tensors="pt"
            )
            states, mask = self.model(**tokens).last_hidden_state, tokens["attention_mask"].unsqueeze(2)
            features.append((states * mask).sum(1) / mask.sum(1))
        return torch.cat(features)


class ImageEncoder:
    """A picture encoder that averages over patches or positions; `place` is a model's folder or its name on the hub."""

    MODALITIES = frozenset({"image"})

    def __init__(self, place):
        self.processor = AutoImageProcessor.from_pretrained(place)
        self.model = AutoModel.from_pretrained(place).eval()

    @torch.inference_mode()
    def encode(self, batch):
        """Return the mean of the last hidden states, (n, d)."""
        features = []
        for start in range(0, len(batch), AT_ONCE):
            pixels = self.processor(list(batch.images[start : start + AT_ONCE]), return_tensors="pt")
            states = self.model(**pixels).last_hidden_state
            features.append(states.mean(1) if states.ndim == 3 else states.mean((2, 3)))
        return torch.cat(features)
