import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spurgen.benchmark.errors import ReadError
from spurgen.benchmark.suite import DEFAULT_SUITE, load_suite
from spurgen.generators.world import world_of
from spurgen.harness.board.schema import SCHEMA_VERSION
from spurgen.harness.context import report
from spurgen.harness.results.store import IN_CONTEXT, SHIPPED
from spurgen.harness.site.material import BASE, SELDOM, followed, learners, pairs_of, read, shown, tally
from spurgen.harness.site.words import ALL


def report_of(needed, **fields):
    lines = {"columns": ["model", "labels", "measure", "counterexamples_text"], "rows": needed}
    return json.dumps({"schema_version": SCHEMA_VERSION, "report": "ask", "tables": {"lines": lines}} | fields)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "results" / "in-context").mkdir(parents=True)
    monkeypatch.setattr(report, "SHIPPED", tmp_path / "none")
    return tmp_path / "results"


def test_rows_of_a_suite_stand_beside_models_in_context_the_fewest_first(ladder_file, steps_material, folder):
    lines = [("m", "arbitrary", "pairs", "4 [3, 5]"), ("m", "arbitrary", "answers", ">16"),
             ("probe", None, "pairs", "2"), ("exact Bayes", None, "pairs", "<=1")]  # fmt: skip
    (folder / "in-context" / "m.json").write_text(report_of(lines))
    path = Path(ladder_file)
    path.write_text(path.read_text().replace("ceiling", 'role = "main", ceiling'))
    suite, board = load_suite(ladder_file), steps_material.board
    heads, cards, models = learners(replace(suite, name=DEFAULT_SUITE), board, {"erm": "Plain"}, folder)
    numbers = {line["submission"]: line["counterexamples_text"] for line in steps_material.lines["few-text"]
               if line.get("counterexamples_text")}  # fmt: skip
    assert heads.ideal == "<=4"
    assert {each.name: each.needed["text"] for each in heads.learners}["Plain"] == numbers["erm"]
    assert "minilm" in {each.name for each in cards.learners}
    assert models.ideal == "<=1"
    assert [(each.name, dict(each.needed)) for each in models.learners] == [
        ("probe", {"text": "2"}), ("m (A/B)", {"text": "4 [3, 5]"}),
    ]  # fmt: skip
    assert learners(suite, board, {"erm": "Plain"}, folder) == [heads]  # which is not of the package's suite


@pytest.mark.parametrize(
    "text", ["[]", "{", report_of([], schema_version=9), "{}", "[" * 100_000, report_of([], tables=None)]
)
def test_a_row_of_models_that_is_none_is_a_sentence(folder, text):
    (folder / "in-context" / "bad.json").write_text(text)
    with pytest.raises(ReadError, match=r"bad\.json"):
        report.stored_models(folder)


@pytest.mark.parametrize(
    ("model", "labels", "needed", "why"),
    [
        ("m", "arbitrary", "many", r"expected .* such as 4, .* not 'many'"),
        ("m", "arbitrary", "4 [3, ", r"expected .* not '4 \[3, '"),
        ("m", "arbitrary", "9" * 5000, r"expected .* not '9{27}\.{3}9{28}'"),
        ("m", None, 4, r".*expected text as 'counterexamples_text' \(got 4\)"),
        ("m", "other", "4", r"there are no labels 'other'"),
        (3, "named", "4", r".*expected text as 'model' \(got 3\)"),
    ],
)
def test_a_line_of_models_that_cannot_be_drawn_is_a_sentence(folder, model, labels, needed, why):
    (folder / "in-context" / "bad.json").write_text(report_of([(model, labels, "pairs", needed)]))
    with pytest.raises(ReadError, match=rf"bad\.json is no report of spurgen ask: {why}"):
        report.stored_models(folder)


def test_every_row_in_context_of_the_package_can_be_read(tmp_path):
    shipped = [*(SHIPPED / IN_CONTEXT).glob("*.json")]
    assert len(report.stored_models(tmp_path)) == len(shipped) > 0


def test_names_of_models_are_harmless(folder):
    (folder / "in-context" / "odd.json").write_text(report_of([("a\x1b[31m\u202eb", "arbitrary", "pairs", "4")]))
    names = [name for stored in report.stored_models(folder) for name, _ in stored]
    assert [name for name in names if name.startswith("a") and name.endswith("b") and name.isprintable()]
    assert not [name for name in names if "\x1b" in name or "\u202e" in name]


@pytest.fixture
def rung(steps_material):
    return steps_material.ladders["few-text"].shown


@pytest.fixture
def row(steps_material, rung):
    return steps_material.rows["erm"][rung.name]


def test_the_rung_that_is_shown_is_the_lowest_with_counterexamples(rung):
    assert rung.counterexamples == 4


def test_a_twin_has_the_thing_and_all_shortcuts_but_the_changed_one(rung):
    world = rung.in_world(2)
    pairs = pairs_of(world)
    assert pairs.names == (ALL, "hue", "wall")
    base = world_of(world.scenario).factors(BASE)
    for k in range(0, len(pairs), 7):
        twin, changed = world_of(world.scenario).factors(pairs.part(k)), pairs.names[pairs.shortcut[k]]
        at, of = pairs.place[k], pairs.twin[k]
        assert base.labels[at] == twin.labels[of] == pairs.label[k] != pairs.rival[k]
        for name in rung.channels:
            value = pairs.rival[k] if changed in (ALL, name) else pairs.label[k]
            assert twin.channel_values[name][of] == value
            assert base.channel_values[name][at] == pairs.label[k]


def test_answers_are_those_that_the_row_stores(rung, row):
    sizes = rung.scenario.asked(rung.modality)
    for each in read(rung, row):
        stored = np.split(row.predicted[each.world].ravel(), np.cumsum([*sizes.values()])[:-1])
        classes = dict(zip(sizes, stored, strict=True))
        for k in range(0, len(each.pairs), 11):
            before, after = classes[BASE][each.pairs.place[k]], classes[each.pairs.part(k)][each.pairs.twin[k]]
            assert each.followed[k] == (after == each.pairs.rival[k])
            assert each.lost[k] == (each.followed[k] and before == each.pairs.label[k])


def test_a_scene_that_was_wrong_before_is_not_lost(rung, row):
    predicted = row.predicted.copy()
    classes = predicted.reshape(len(row), -1)
    for world, answers in enumerate(classes):
        pairs = pairs_of(rung.in_world(world))
        answers[pairs.before] = (pairs.label + 1) % rung.num_classes
    every = list(read(rung, replace(row, predicted=predicted)))
    assert all(each.followed.any() for each in every)
    assert not any(each.lost.any() for each in every)


def test_the_shares_that_follow_are_the_metrics_of_the_board(rung, row):
    share = followed(list(read(rung, row)))
    assert share[ALL] == pytest.approx(row.mean("follows"))
    for name in rung.channels:
        assert share[name] == pytest.approx(row.mean(f"follows/{name}"))


def test_a_row_without_stored_answers_has_none(rung, row):
    bare = type(row)(row.results)
    assert list(read(rung, bare)) == []
    assert followed([]) == {}
    assert shown([], {}, 3) == []


def test_a_change_that_a_row_seldom_follows_is_no_example(rung, row):
    reads = list(read(rung, row))
    rare = [replace(each, followed=each.followed & ((each.pairs.shortcut != 1) | (np.arange(len(each.pairs)) == at)))
            for each in reads for at in np.flatnonzero(each.lost & (each.pairs.shortcut == 1))[:1]]  # fmt: skip
    assert 0 < followed(rare)["hue"] < SELDOM
    rare = [replace(each, lost=each.lost & each.followed) for each in rare]
    chosen = shown(rare, tally([rare]), 6)
    by_world = {each.world: each.pairs for each in rare}
    assert {by_world[world].shortcut[k] for world, k in chosen} == {0, 2}


def test_an_only_shortcut_is_read_once():
    task = load_suite("v4").task("tidy-text-4")
    pairs = pairs_of(replace(task, scenario=task.scenario.model_copy(update={"moving": ("venue",)})).in_world(0))
    assert pairs.names == (ALL,)
    assert set(pairs.shortcut) == {0}


def test_pairs_take_turns_and_those_that_more_rows_lose_come_first(rung, row, steps_material):
    reads = list(read(rung, row))
    counts = tally([*steps_material.reads["few-text"].values()])
    chosen = shown(reads, counts, 3)
    pairs = reads[0].pairs
    changed = [pairs.names[pairs.shortcut[k]] for _, k in chosen]
    share = followed(reads)
    assert changed == [ALL, *sorted(rung.channels, key=lambda name: -share[name])]
    world, first = chosen[0]
    lost = {each.world: np.flatnonzero(each.lost & (each.pairs.shortcut == 0)) for each in reads}
    assert counts[world][first] == max(counts[w][places].max() for w, places in lost.items())
    assert all(reads[world].lost[k] for world, k in chosen)
    assert len({reads[world].pairs.label[k] for world, k in chosen}) == 3
    assert len({(world, reads[world].pairs.place[k]) for world, k in chosen}) == 3
