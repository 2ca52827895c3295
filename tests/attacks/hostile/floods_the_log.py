"""Prints without end."""


# expected: failed: it printed more than [0-9]+ bytes, and was ended
def predict(batch):
    while True:
        print("x" * 100_000)
