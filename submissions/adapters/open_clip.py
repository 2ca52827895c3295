"""Any CLIP model of open_clip: predicts classes zero-shot from their names, and returns features."""

import open_clip
import torch

from spurgen.submissions.adapters import _pixels


class Clip:
    """A zero-shot classifier that compares pictures with the sentence `prompt` about each class.

    `weights` is a checkpoint file, or a pretrained tag of open_clip for the model `name`.
    """

    MODALITIES = frozenset({"image"})

    def __init__(self, name, weights, prompt="a picture of a {}"):
        self.model = open_clip.create_model(name, pretrained=str(weights)).eval()
        self.tokenizer, self.prompt = open_clip.get_tokenizer(name), prompt
        config = open_clip.get_model_preprocess_cfg(self.model)
        size = config["size"]
        self.prepared = size if isinstance(size, int) else size[0], config["mean"], config["std"]

    @torch.inference_mode()
    def fit(self, train, val, context):
        """Embed the class names; the pictures are not used."""
        names = self.tokenizer([self.prompt.format(name) for name in context.class_names])
        self.classes = self.model.encode_text(names, normalize=True)

    def encode(self, batch):
        """Return unit vectors of the pictures, (n, d)."""
        features = _pixels.encode(self.model.encode_image, batch.images, *self.prepared)
        return torch.nn.functional.normalize(features, dim=1)

    @torch.inference_mode()
    def predict(self, batch):
        """Return CLIP's logits, (n, K)."""
        return self.model.logit_scale.exp() * self.encode(batch) @ self.classes.T
