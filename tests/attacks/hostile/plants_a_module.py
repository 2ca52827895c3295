"""Writes a torch.py and a .pth file where the scorer might import them."""

# expected: unranked: not significantly better than chance
import site
import sys
from pathlib import Path

from loot import guess

own = Path(__file__).parent


def steal():
    for folder in (*sys.path, *site.getsitepackages()):
        for name in ("torch.py", "planted.pth", "sitecustomize.py"):
            try:
                if Path(folder).resolve() != own:
                    Path(folder, name).write_text("planted = True")
                    return Path(folder, name)
            except OSError:
                continue
    return None


def predict(batch):
    return guess(batch, steal())
