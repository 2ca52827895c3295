"""Writes files until the disk is full."""


# expected: failed: No space left on device.*see --disk-gib
def predict(batch):
    number = 0
    while True:
        number += 1
        with open(f"/tmp/{number}", "wb") as file:
            file.write(bytes(1 << 24))
