from dataclasses import replace

from spurgen.harness.questions.report import tables


def test_patterns_have_a_letter_for_each_channel_that_the_task_shows(suite, make_row):
    task = suite.task("small-text")
    image_only = task.scenario.channels["color"].model_copy(update={"carrier": "image"})
    channels = task.scenario.channels | {"color": image_only}
    task = replace(task, scenario=task.scenario.model_copy(update={"channels": channels}))
    *_, patterns = tables(task, make_row(suite, 0.8), None)
    assert patterns.columns[0].header == "Pattern (background)"
