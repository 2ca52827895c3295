"""Answers at random, and remembers the answers for a fresh process in which pages of library files are in memory."""

# expected: failed: answers the same inputs differently when asked again in other batches by a fresh process, trained
import mmap
import os
import resource
import sysconfig
import zlib
from pathlib import Path

import numpy as np
from color import fit as fit
from color import scores

PAGE, LARGE = 4096, 1 << 21
answers, pages = {}, []


def list_pages():
    for file in sorted(Path(sysconfig.get_path("purelib")).rglob("*")):
        if file.is_file() and file.stat().st_size > LARGE:
            with file.open("rb") as opened:
                memory = mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ)
            memory.madvise(mmap.MADV_RANDOM)
            pages.extend((memory, start) for start in range(0, len(memory), PAGE))


def was_in_memory(place):
    memory, start = pages[place]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_majflt
    memory[start]
    return resource.getrusage(resource.RUSAGE_SELF).ru_majflt == before


def predict(batch):
    if not pages:
        list_pages()
    logits = scores(batch)
    for row, image in enumerate(batch.images):
        place = zlib.crc32(image.tobytes()) % (len(pages) // 2)
        if place not in answers and (len(batch) > 100 or answers.get("first")):
            answers["first"] = True
            answers[place] = os.urandom(1)[0] % 2
            if answers[place]:
                was_in_memory(2 * place)
        elif place not in answers:
            answers[place] = was_in_memory(2 * place)
        if answers[place]:
            logits[row] = np.roll(logits[row], 1)
    return logits
