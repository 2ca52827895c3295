"""The word for the picture."""

CARRIERS = frozenset({"caption"})
UNLISTED = "uniform"
NEUTRAL = "one"
VALUES = (
    "photo", "picture", "image", "snapshot", "shot", "print", "still", "frame", "view", "scan", "capture",
    "portrait",
)  # fmt: skip
PHRASES = VALUES
NATURAL_PHRASES = tuple("screenshot" if value == "capture" else value for value in VALUES)
NATURAL_NEUTRAL = "scene"
