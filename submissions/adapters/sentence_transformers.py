"""Any sentence encoder of sentence-transformers: gives features, and the harness fits the linear probe."""

from pathlib import Path

from sentence_transformers import SentenceTransformer


class SentenceEncoder:
    """Encodes captions by the model in a folder, or of a name."""

    MODALITIES = frozenset({"text"})

    def __init__(self, place):
        on_disk = Path(place).is_dir()  # then asking the hub for news would only wait
        self.model = SentenceTransformer(str(place), device="cpu", local_files_only=on_disk).eval()

    def embed(self, sentences):
        """Returns a vector for each sentence, float32 (n, d)."""
        return self.model.encode(list(sentences), batch_size=64, show_progress_bar=False)

    def encode(self, batch):
        """Returns a vector for each caption, (n, d)."""
        return self.embed(batch.captions)
