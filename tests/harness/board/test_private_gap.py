import numpy as np
import pytest

from spurgen.harness.board.leaderboard import build


def test_what_a_model_does_on_private_splits_stands_beside_and_verifies_what_is_covered(suite, make_cell):
    def hidden(quality, seed):
        cell = make_cell(suite, quality, seed, verification="private")
        return cell.model_copy(update={"samples": {}})

    rows = {name: {"small-text": [make_cell(suite, 0.9, seed) for seed in range(2)]} for name in ("all", "one", "none")}
    private = {
        "all": {"small-text": [hidden(0.6, seed) for seed in range(2)]},
        "one": {"small-text": [hidden(0.9, 1)]},
    }
    found = {row["submission"]: row for row in build(suite, rows, private)["tasks"]["small-text"]["rows"]}
    accuracy = [
        np.mean([cell.figures["accuracy"] for cell in some["small-text"]]) for some in (rows["all"], private["all"])
    ]
    assert found["all"]["private"]["gap"] == pytest.approx(accuracy[0] - accuracy[1])
    assert found["all"]["private"]["accuracy"] == pytest.approx(accuracy[1])
    assert found["all"]["private"]["seeds"] == 2
    assert found["one"]["private"]["gap"] == pytest.approx(0)
    assert found["one"]["private"]["seeds"] == 1
    assert found["none"]["private"] is None
    verified = {name: row["verification"] for name, row in found.items()}
    assert verified == {"all": "private", "one": "self-reported", "none": "self-reported"}
    without = {row["submission"]: row["rank"] for row in build(suite, rows)["tasks"]["small-text"]["rows"]}
    assert {name: row["rank"] for name, row in found.items()} == without


def test_its_gap_is_as_uncertain_as_two_accuracies_and_more_so_with_fewer_seeds(suite, make_cell):
    public = [make_cell(suite, 0.9, seed) for seed in range(4)]
    private = [make_cell(suite, 0.9, seed, verification="private") for seed in range(4)]
    reaches = []
    for seeds in (4, 1):
        board = build(suite, {"a": {"small-text": public}}, {"a": {"small-text": private[:seeds]}})
        (row,) = board["tasks"]["small-text"]["rows"]
        low, high = row["private"]["gap_ci"]
        assert (low + high) / 2 == pytest.approx(row["private"]["gap"])
        reaches.append((high - low) / (row["accuracy_ci"][1] - row["accuracy_ci"][0]))
    assert reaches == pytest.approx([2**0.5, 8**0.5])


def test_a_model_that_fails_on_private_splits_does_not_look_as_if_it_had_not_been_tried(suite, make_cell):
    rows = {"a": {"small-text": [make_cell(suite, 0.9, seed) for seed in range(2)]}}
    cells = [make_cell(suite, 0.9, 0, verification="private"), make_cell(suite, 0.9, 1, error="boom")]
    (row,) = build(suite, rows, {"a": {"small-text": cells}})["tasks"]["small-text"]["rows"]
    assert (row["private"], row["verification"]) == ({"failed": "boom"}, "self-reported")


def test_a_private_cell_of_another_version_verifies_nothing(suite, make_cell):
    rows = {"edited": {"small-text": [make_cell(suite, 0.9)]}}
    for changes in ({"submission_sha256": "1"}, {"options": {"lr": 1}}, {"access": "envs"}):
        private = {"edited": {"small-text": [make_cell(suite, 0.9, verification="private", **changes)]}}
        (row,) = build(suite, rows, private)["tasks"]["small-text"]["rows"]
        assert (row["private"], row["verification"]) == (None, "self-reported")


@pytest.mark.parametrize(
    ("workers", "told"), [(["fresh", "fresh"], "fresh"), (["fresh", "same"], "same"), (["fresh", None], "unknown")]
)
def test_the_weakest_of_its_cells_says_who_was_asked_again(suite, make_cell, workers, told):
    def cell(seed, worker):
        return make_cell(suite, 0.9, seed, provenance={"asked_again": {"worker": worker}} if worker else {})

    rows = {"a": {"small-text": [cell(seed, worker) for seed, worker in enumerate(workers)]}}
    (row,) = build(suite, rows)["tasks"]["small-text"]["rows"]
    assert row["asked_again"] == told
