"""What a result depends on, as a digest: so that no result outlives the code that made it."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from spurgen.baselines.training.imagenet import SHA256
from spurgen.baselines.training.pretrained import recorded_digest
from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.suite import Task
from spurgen.harness.identity.essence import essence
from spurgen.harness.identity.sources import HOME, not_python, read, submission_files

# Whatever can alter a figure, and nothing else, so that work on the rest makes no result stale. Where a file
# does both, only what is named of it counts. Left out on purpose: the rest of `worker`, through which arrays come
# unchanged or the cell fails; `splits`, which accept data or fail the run; `statistics`, which are computed from
# rows and kept in none.
SCORERS: dict[str, tuple[str, ...]] = {
    "harness/scoring.py": (),
    "harness/answers.py": (),  # what is asked, the probe, and probabilities made logits
    "harness/mixing.py": (),
    "harness/data.py": (),  # the twins, the groups, and what a tier is given
    "harness/selection.py": (),
    "harness/trial.py": ("fit", "_train_and_score", "make_split"),  # the splits, the seed and the context of training
    "harness/worker/loading.py": ("PREDICTORS", "PARTS", "load_submission", "_find"),  # which functions answer, how set
    "harness/worker/server.py": ("batch_from", "batch_to", "data_from", "data_to", "_as_array"),  # the arrays' dtypes
    "harness/worker/process.py": ("MAX_CHECKPOINTS", "ONE_THREAD"),  # what is compared; the order of sums
    "benchmark/contract.py": (),  # what a tier grants
    "benchmark/selection.py": (),
    "benchmark/record.py": ("pack", "_packed"),  # how what is kept per sample is rounded
    "benchmark/scenario.py": ("Channel", "Scenario", "ALIGNED_PER_CLASS", "_CARRIED_BY"),  # the worlds, the ceiling
    "benchmark/suite.py": ("Task",),  # which channels and groups count
}

# Edits that move no figure there was: a file's digest since, and the one that its rows are known by.
SAME_FIGURES = {
    # baselines/training/backbones.py, in float32 on CPUs without AVX-512: no row had been made on one, since none of
    # the 422 on images took more than 137 s to train, and in bfloat16 each would take more than ten minutes there
    "299667bc7b49f94886cdc152ddfd25a1bf61ac1194569eec0fb381e5f1d031ce": (
        "5532515dbbf5d8019020db63d47c743247e3dda0604e96e357e8966e18907d26"
    ),
    # promises only, weights and batches as before: baselines/training/penalty.py states none where there is no penalty,
    "e106c8e109f84c734d2e6e0151e492ac850ecca644942749687e7e6c41eb234d": (
        "ef43d6c6b9fff94400d93ee8a4bc1aa49f29d1f8479de8e37db5c73429840d0c"
    ),
    # baselines/training/worst_group.py states that every group appeared,
    "b06bc074ad54195356b6949e6e01bf0213d4ce038b2688b7a86ddea138e10193": (
        "84c8ba180bae2e7bbaa156bb57da5b2ff85600a6792599cc6cc93b70f8dccc78"
    ),
    # and baselines/eiil.py no longer states one that could not be broken
    "c8ad664004ccdea9c41bce5fd88669925ff3b8f38619e91e5731a5061bbc08ed": (
        "cfacb504d7b6eccd8ad5dda9ea751e853075d92f07a0dca2b59070c2c8be1bed"
    ),
    # what is told of training, not the training: baselines/training/method.py names no selection rule where there was
    # nothing to select,
    "ee1fad16578dee4ad0dad40c6cf07386e1c82f2f36789daaf597dbf56f5c37a8": (
        "c5aa6e88f7d53431b494585c75ed32d175c653b0ca92df9d2986b981b6168207"
    ),
    # and baselines/ssa.py leaves the accuracy of a classifier out of a stage that does not train it
    "0078ee137bd643c2934d86ec0be8fb83a3fd7e2206a8cfc9d8244b5457c1b468": (
        "28f9f3693665e0c2b07b0b95441567883f57fa1faee58744af0dc064538e04a7"
    ),
    # benchmark/scenario.py and generators/world.py know an `alignment_seed`, which is the seed unless it is said
    "e9633c93dccdf5b9963e786304c71097259c202806fa92512883cff7eb9a58a0": (
        "d76e1f49f2c855d83339187de908a0810e59e865d0d715c6167254abbbc7cf59"
    ),
    "bb2706d5cc770f479918bc49811c17efcbfba31fe0574e0e38c417ccb218f84f": (
        "5f94f78671f8748d1cdead57895c8d4efe1736f43cdaa6b79261cc8e83e61315"
    ),
    # submissions/adapters/sentence_transformers.py asks a hub where a name, and no folder, is given
    "3abcefe10e97ebcb6b3d11e7eeb32e72ba2f027fd98823384ca6383c2615436d": (
        "b30969fd6add49cefd5560e127fd843ab2d3c2c9d2ee14419752d4ff4eb7f88b"
    ),
}


def run_identity(
    task: Task, submission: str, *, data: str, seed: int, options: Mapping[str, Any], uncorrelated: bool = False
) -> str:
    """Returns the SHA-256 of all that a run's figures depend on, but for the device and the libraries' versions.

    Those two are kept with the result. They move the last digits of a sum, and with the precision that a device is
    fast in a training as far as another seed would. `submission` is the digest of its
    source, `data` that of the frozen data or of the scenario.
    """
    # The generators' code is part of it, since the frozen data do not hold all that a submission may be given: the
    # uncorrelated reference, and the twins of train and val.
    parts = {
        "suite": task.scenario.suite, "task": task.name, "modality": task.modality, "backbone": task.backbone,
        "weights": backbone_digest(task.backbone), "seed": seed, "uncorrelated": uncorrelated, "options": options,
        "submission": submission, "generators": generator_digest(), "data": data, "scoring": scoring_digest(),
    }  # fmt: skip
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def generator_digest() -> str:
    """Hashes the code that makes the data."""
    return code_digest(_package("generators"))


def scoring_digest() -> str:
    """Hashes the code that turns answers into figures."""
    parts = [(name, _digest(HOME / name, only)) for name, only in SCORERS.items()]
    return _joined([*parts, ("metrics", code_digest(_package("harness/metrics")))])


def backbone_digest(backbone: str) -> str:
    """Names the weights that a task lets its baselines start from, whether they are installed or not."""
    if backbone == "imagenet":
        return SHA256
    return recorded_digest() if backbone == "pretrained" else backbone


def submission_digest(spec: str) -> str:
    """Hashes a submission's files under their names, wherever they lie; see `submission_files` for which.

    Of our own files the essence, of a stranger's every byte, comments included: it may read itself. Raises
    `SubmissionError` if one cannot be found or read, or is not Python.
    """
    files = submission_files(spec).items()
    return _joined((name, _digest(path) if name.startswith("spurgen.") else _bytes(path)) for name, path in files)


def refuse_edits(what: str, planned: str, now: str) -> None:
    """Raises `SubmissionError` if a run's identity is no longer the one that it was planned with."""
    if now != planned:
        raise SubmissionError(
            f"{what}: its source, or what scores it, was edited after this run was planned "
            f"(identity {planned[:16]} then, {now[:16]} now); run the same command again"
        )


def code_digest(files: dict[str, Path]) -> str:
    """Hashes our own files under their names: of Python files the essence, of others every byte."""
    return _joined((name, _digest(path)) for name, path in files.items())


def _package(name: str) -> dict[str, Path]:
    """Maps the names of a package's files, as seen from it, to where they are."""
    folder = HOME / name
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.py")}


def _joined(parts: Iterable[tuple[str, str]]) -> str:
    return hashlib.sha256(json.dumps(sorted(parts)).encode()).hexdigest()


def _bytes(path: Path) -> str:
    return hashlib.sha256(read(path)).hexdigest()


def _digest(path: Path, only: Collection[str] = ()) -> str:
    source = read(path)
    if path.suffix != ".py":
        return _bytes(path)
    try:
        return _essence_digest(source, tuple(only))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise not_python(path, error) from None


@lru_cache(maxsize=4096)  # by content: an edited file is seen, and an unedited one is parsed once for all cells
def _essence_digest(source: bytes, only: tuple[str, ...]) -> str:
    digest = hashlib.sha256(essence(source, only).encode()).hexdigest()
    return SAME_FIGURES.get(digest, digest)
