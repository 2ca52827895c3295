"""Allocates memory without end."""

# expected: failed: MemoryError.*see --memory-gib
kept = []


def predict(batch):
    while True:
        kept.append(bytearray(1 << 28))
