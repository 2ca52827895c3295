"""Any text or vision encoder of transformers: gives features, and the harness fits the linear probe."""

import torch
from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

AT_ONCE = 64


class TextEncoder:
    """Encodes captions by the model in a folder, or of a name, averaging over tokens."""

    MODALITIES = frozenset({"text"})

    def __init__(self, place):
        self.tokenizer = AutoTokenizer.from_pretrained(place)
        self.model = AutoModel.from_pretrained(place).eval()

    @torch.inference_mode()
    def encode(self, batch):
        """Returns the mean of the last hidden states, (n, d)."""
        found = []
        for start in range(0, len(batch), AT_ONCE):
            tokens = self.tokenizer(
                batch.captions[start : start + AT_ONCE], padding=True, truncation=True, return_tensors="pt"
            )
            states, shown = self.model(**tokens).last_hidden_state, tokens["attention_mask"].unsqueeze(2)
            found.append((states * shown).sum(1) / shown.sum(1))
        return torch.cat(found)


class ImageEncoder:
    """Encodes pictures by the model in a folder, or of a name, averaging over patches or places."""

    MODALITIES = frozenset({"image"})

    def __init__(self, place):
        self.processor = AutoImageProcessor.from_pretrained(place)
        self.model = AutoModel.from_pretrained(place).eval()

    @torch.inference_mode()
    def encode(self, batch):
        """Returns the mean of the last hidden states, (n, d)."""
        found = []
        for start in range(0, len(batch), AT_ONCE):
            pixels = self.processor(list(batch.images[start : start + AT_ONCE]), return_tensors="pt")
            states = self.model(**pixels).last_hidden_state
            found.append(states.mean(1) if states.ndim == 3 else states.mean((2, 3)))
        return torch.cat(found)
