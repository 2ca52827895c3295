"""Of a family, a base sample and its twins, one row is asked about again at most, whichever function is asked."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spurgen.benchmark.contract import Batch
from spurgen.benchmark.result import ConsistencyCheck
from spurgen.harness.sandbox import rechecks
from spurgen.harness.sandbox.rechecks import RecheckedWorker


@pytest.fixture(scope="module")
def two_functions(tmp_path_factory):
    """A worker with two functions, each of which answers a caption with its number."""
    body = "return np.array([[float(c)] for c in b.captions])"
    file = tmp_path_factory.mktemp("two") / "model.py"
    file.write_text(f"import numpy as np\ndef predict(b): {body}\ndef encode(b): {body}")
    with RecheckedWorker(str(file), {}, "a-task") as worker:
        yield worker


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=30), batch=st.integers(1, 300), room=st.integers(1, 40),
    seed=st.integers(0, 999),
)  # fmt: skip
def test_of_a_family_one_row_is_asked_about_again_whatever_its_size_and_the_order(
    two_functions, sizes, batch, room, seed
):
    families = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes)).tolist()
    captions = [str(k) for k in range(len(families))]
    again = []
    two_functions._samples.clear()
    two_functions.consistency = None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rechecks, "ROWS", room)
        for what in ("predict", "encode"):
            for start in range(0, len(captions), batch):
                rows = captions[start : start + batch]
                two_functions.send(what, Batch(None, rows), families[start : start + batch])
                two_functions.answer(len(rows), 1, "test")
        two_functions.consistency = ConsistencyCheck(worker="same")
        patch.setattr(
            two_functions,
            "send",
            lambda what, rows: again.extend(rows.captions) or RecheckedWorker.send(two_functions, what, rows),
        )
        two_functions._compare(two_functions, 1.0)
    asked = [families[int(caption)] for caption in again]
    assert len(set(asked)) == len(asked)
    assert min(room, len(sizes)) <= len(asked) <= 2 * room
    assert two_functions.consistency.rows == len(asked)
