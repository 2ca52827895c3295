"""Any sentence encoder of sentence-transformers: returns features; the harness fits the linear probe."""

from pathlib import Path

from sentence_transformers import SentenceTransformer


class SentenceEncoder:
    """A caption encoder; `place` is a model's folder or its name on the hub."""

    MODALITIES = frozenset({"text"})

    def __init__(self, place):
        on_disk = Path(place).is_dir()  # then there is no need to wait for the hub
        self.model = SentenceTransformer(str(place), device="cpu", local_files_only=on_disk).eval()

    def embed(self, sentences):
        """Return a vector for each sentence, float32 (n, d)."""
        return self.model.encode(list(sentences), batch_size=64, show_progress_bar=False)

    def encode(self, batch):
        """Return a vector for each caption, (n, d)."""
        return self.embed(batch.captions)
