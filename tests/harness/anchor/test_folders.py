import numpy as np
import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.anchor.folders import digest_of, read_folder, recognise


def test_folders_are_recognised_by_their_files(waterbirds, celeba, civilcomments):
    for folder, name in ((waterbirds, "waterbirds"), (celeba, "celeba"), (civilcomments, "civilcomments")):
        assert recognise(folder).__name__.rpartition(".")[2] == name


def test_an_unknown_folder_lists_what_is_known(tmp_path):
    with pytest.raises(SpurgenError, match=r"--data .* none of the data sets .*waterbirds: metadata.csv"):
        recognise(tmp_path)
    with pytest.raises(SpurgenError, match=r"--data .*nowhere is no folder; name the folder of a data set"):
        recognise(tmp_path / "nowhere")


def test_large_splits_are_reduced_to_the_same_random_samples(civilcomments):
    whole, reduced, again = (read_folder(civilcomments, at_most) for at_most in (1000, 50, 50))
    assert np.bincount(whole.splits).tolist() == [200, 60, 60]
    assert np.bincount(reduced.splits).tolist() == [50, 50, 50]
    assert reduced.inputs == again.inputs
    assert reduced.inputs != whole.take(np.flatnonzero(whole.splits == 0)[:50]).inputs
    assert len({digest_of(listing) for listing in (whole, reduced, again)}) == 2
