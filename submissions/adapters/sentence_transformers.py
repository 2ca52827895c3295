"""Any sentence encoder of sentence-transformers: gives features, and the harness fits the linear probe."""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # weights are on disk; asking the hub for news would only wait

from sentence_transformers import SentenceTransformer


class SentenceEncoder:
    """Encodes captions by the model in a folder, or of a name."""

    MODALITIES = frozenset({"text"})

    def __init__(self, place):
        self.model = SentenceTransformer(str(place), device="cpu").eval()

    def embed(self, sentences):
        """Returns a vector for each sentence, float32 (n, d)."""
        return self.model.encode(list(sentences), batch_size=64, show_progress_bar=False)

    def encode(self, batch):
        """Returns a vector for each caption, (n, d)."""
        return self.embed(batch.captions)
