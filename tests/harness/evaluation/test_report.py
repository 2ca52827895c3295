import pandas as pd
import pytest

from spurgen.harness.evaluation.columns import Columns
from spurgen.harness.evaluation.figures import evaluate
from spurgen.harness.evaluation.reading import read_predictions
from spurgen.harness.evaluation.report import summary

LABELLED = pd.DataFrame({"label": ["cat", "dog", "cat", "dog"], "light": ["day", "day", "night", "night"]})
LIGHT = Columns(attributes=("light",))


@pytest.mark.parametrize(("ends", "by_place"), [(("cat", "dog"), False), (("0", "1"), True)])
def test_logits_without_names_are_in_the_order_of_the_classes_which_the_summary_prints(write, ends, by_place):
    scores = {f"logit_{end}": values for end, values in zip(ends, ([3, 0, 3, 0], [0, 3, 0, 3]), strict=True)}
    read = read_predictions(write(LABELLED.assign(**scores)), LIGHT)
    assert (read.by_place, read.predicted.tolist()) == (by_place, [[0, 1, 0, 1]])
    assert ("Its scores were read in the order of the classes: cat, dog." in summary(evaluate(read))) is by_place
    numbered = LABELLED.assign(label=["0", "1", "0", "1"]).assign(logit_0=1, logit_1=0)
    assert not read_predictions(write(numbered), LIGHT).by_place
