"""Any CLIP of open_clip: chooses classes zero-shot, by the names they have, and gives features."""

import open_clip
import torch

from spurgen.submissions.adapters import _pixels


class Clip:
    """Compares pictures with the sentence `prompt` about each class.

    `weights` is a checkpoint's file, or one of open_clip's tags for the model `name`.
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
        """Reads the classes' names; looks at no picture."""
        names = self.tokenizer([self.prompt.format(name) for name in context.class_names])
        self.classes = self.model.encode_text(names, normalize=True)

    def encode(self, batch):
        """Returns the pictures' unit vectors, (n, d)."""
        features = _pixels.encode(self.model.encode_image, batch.images, *self.prepared)
        return torch.nn.functional.normalize(features, dim=1)

    @torch.inference_mode()
    def predict(self, batch):
        """Returns CLIP's logits, (n, K)."""
        return self.model.logit_scale.exp() * self.encode(batch) @ self.classes.T
