import numpy as np
import pandas as pd
import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.columns import Columns
from spurgen.harness.evaluation.predictions import group
from spurgen.harness.evaluation.reading import read_predictions


def test_attributes_of_too_many_values_are_named(write):
    table = pd.DataFrame(np.random.default_rng(0).random((300, 8)), columns=list("abcdefgh"))
    table = table.assign(label=0, prediction=0)
    read = read_predictions(write(table), Columns(attributes=tuple("abcdefgh")))
    with pytest.raises(SpurgenError, match=r"groups, at most 100,000: of 9 factors .* a has 300, .*; name fewer"):
        group(read)
