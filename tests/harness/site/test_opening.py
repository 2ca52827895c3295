from dataclasses import replace

import numpy as np

from spurgen.generators import class_names, sample
from spurgen.harness.results.predicted import columns_of, families_of
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.site.build import build
from spurgen.harness.site.opening import opening
from spurgen.harness.site.pictures import Pictures


def answered(material, name, wrong):
    """Return ERM's row with right answers to all but one value of a channel of the sample at `wrong`."""
    task, row = material.suite.tasks[name], material.rows["erm"][name]
    made = sample(task.in_world(0).scenario, "test", range(families_of(task)), images=False, captions=False)
    classes = np.repeat(made.labels[:, None], row.predicted.shape[2], axis=1).astype(np.uint8)
    if wrong:
        place, channel, value = wrong
        classes[place, columns_of(task)[channel].start + value] += 1
        classes %= task.scenario.num_classes
    predicted = row.predicted.copy()
    predicted[0] = classes
    return made, replace(row, predicted=predicted)


def aligned_places(task, made):
    return np.flatnonzero(made.group_ids % task.scenario.num_patterns == 0).tolist()


def test_the_scene_is_the_first_one_on_which_erm_loses_by_a_twin(tiny):
    task = tiny.suite.tasks["small-image"]
    made, _ = answered(tiny, "small-image", None)
    later = aligned_places(task, made)[1]
    own = int(made.channel_values["background"][later])
    value = next(v for v in range(3) if v != own)
    _, row = answered(tiny, "small-image", (later, "background", value))
    found = opening(Pictures(), task, row)
    assert found.lost
    assert found.right
    assert found.base.label == class_names(task.scenario)[made.labels[later]]
    twins = {twin.channel: twin for twin in found.twins}
    assert (twins["color"].right, twins["background"].right) == (True, False)
    assert twins["color"].answer == found.shows
    assert twins["background"].answer != found.shows
    assert twins["background"].scene.values["background"] == value


def test_where_erm_loses_none_the_first_scene_stands_with_its_answers(tiny):
    task = tiny.suite.tasks["small-image"]
    made, row = answered(tiny, "small-image", None)
    found = opening(Pictures(), task, row)
    assert not found.lost
    assert {twin.answer for twin in found.twins} == {found.base.label}
    assert found.base.label == class_names(task.scenario)[made.labels[aligned_places(task, made)[0]]]


def test_without_stored_answers_none_is_said(tiny):
    task = tiny.suite.tasks["small-image"]
    bare = replace(tiny.rows["erm"]["small-image"], predicted=np.empty((0, 0, 0), np.uint8))
    for row in (None, bare, TaskRow(())):
        found = opening(Pictures(), task, row)
        assert (found.right, found.lost, {twin.answer for twin in found.twins}) == (None, False, {None})
    without = replace(tiny, rows={**tiny.rows, "erm": {**tiny.rows["erm"], "small-image": bare}})
    page = build(without)["index.html"].decode()
    assert "ERM: " not in page
    assert "More of ERM" not in page


def test_the_first_page_says_what_erm_answers_and_leads_to_its_failures(tiny):
    page = build(tiny)["index.html"].decode()
    assert 'ERM: <span class="good nobr">✓ right</span>' in page
    assert '<span class="bad nobr">✗ wrong</span>' in page
    assert '<a href="rows/erm.html#small-image">More of ERM' in page
