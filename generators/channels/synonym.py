"""The word for the picture."""

CARRIERS = frozenset({"caption"})
UNLISTED = "uniform"
NEUTRAL = "one"
VALUES = (
    "photo",
    "picture",
    "image",
    "snapshot",
    "shot",
    "print",
    "still",
    "frame",
    "view",
    "scan",
    "capture",
    "portrait",
)
PHRASES = VALUES
