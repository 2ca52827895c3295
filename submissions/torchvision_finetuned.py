"""A torchvision network trained in `fit`, from scratch or from a checkpoint of yours.

To fine-tune a checkpoint, put its file beside this one, list it in `FILES`, and set `WEIGHTS` to its name.
"""

from pathlib import Path

import torch
import torchvision
from torch.nn.functional import cross_entropy

MODALITIES = {"image"}
FILES = []
WEIGHTS = None
EPOCHS, BATCH, RATE = 10, 32, 3e-3


def _pixels(images, device):
    return torch.from_numpy(images).to(device).permute(0, 3, 1, 2).float().div(127.5).sub(1)


def fit(train, val, context):
    """Train all layers with AdamW and a one-cycle learning rate."""
    global model, device
    torch.manual_seed(context.seed)
    device = context.device
    model = torchvision.models.shufflenet_v2_x1_0(weights=None, num_classes=context.num_classes).to(device)
    if WEIGHTS:
        checkpoint = torch.load(Path(__file__).with_name(WEIGHTS), map_location="cpu", weights_only=True)
        own = model.state_dict()  # a head for other classes does not fit and keeps its initial weights
        fits = {name: w for name, w in checkpoint.items() if name in own and w.shape == own[name].shape}
        model.load_state_dict(own | fits)
    optimiser = torch.optim.AdamW(model.parameters(), RATE, weight_decay=0.05)
    batch = min(BATCH, len(train))
    steps = EPOCHS * (len(train) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    labels = torch.from_numpy(train.labels).to(device)
    model.train()
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(train))[: len(train) // batch * batch].split(batch):
            optimiser.zero_grad()
            cross_entropy(model(_pixels(train.images[rows.numpy()], device)), labels[rows.to(device)]).backward()
            optimiser.step()
            schedule.step()
    model.eval()


@torch.inference_mode()
def predict(batch):
    """Return logits, (n, K)."""
    return torch.cat([model(_pixels(images, device)) for images in _split(batch.images)])


def _split(images):
    return [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
