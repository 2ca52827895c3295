"""Never answers."""

# expected: failed: predict did not answer: no answer in time
import time


def predict(batch):
    while True:
        time.sleep(1)
