import pytest

from spurgen.harness.board.rows import about_method, full_names, method_name


@pytest.fixture
def rows(suite, make_row, as_baseline):
    return {
        "jtt": {"small-text": make_row(suite, 0.9, range(2), **as_baseline("jtt"))},
        "model": {"small-text": make_row(suite, 0.9, range(2))},
    }


def test_our_methods_have_a_full_name_and_strangers_none(rows):
    assert full_names(rows) == {"jtt": "Just train twice"}
    assert method_name(rows["model"].values()) == ""
    assert about_method([]) == ""


def test_what_a_method_does_names_its_paper(rows):
    assert "Liu et al. 2021" in about_method(rows["jtt"].values())


def test_a_row_that_only_takes_our_name_is_a_strangers(suite, make_row, as_baseline):
    forged = make_row(suite, 0.9, range(2), **(as_baseline("jtt") | {"submission_sha256": "0" * 64}))
    assert method_name([forged]) == ""
