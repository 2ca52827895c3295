import api_pages

from spurgen.baselines import group_dro
from spurgen.harness import metrics


def test_there_is_a_page_of_every_package_and_every_method(tmp_path):
    api_pages.write(tmp_path)
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.md")} == {*api_pages.PAGES.values()}


def test_a_package_lists_every_public_name():
    text = api_pages.package("harness/metrics", "spurgen.harness.metrics")
    for name in metrics.__all__:
        assert f":: spurgen.harness.metrics.{name}\n" in text
    assert text.index("autoclass") < text.index("autofunction")


def test_the_list_of_methods_has_each_with_its_access_tier_and_its_summary():
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in api_pages.methods().splitlines()]
    for name, module in api_pages.METHODS.items():
        summary = module.__doc__.splitlines()[0]
        assert [f"[{name}](baselines/{name}.md)", f"`{module.submission.ACCESS}`", summary] in rows


def test_a_method_has_its_own_hyper_parameters_first_with_default_range_and_source():
    text = api_pages.method("group_dro")
    assert text.index("`eta`") < text.index("`epochs`")
    (row,) = [line for line in text.splitlines() if line.startswith("| `eta`")]
    assert [cell.strip() for cell in row.split("|")[2:-1]] == [
        f"`{group_dro.submission.HYPERPARAMETERS.eta}`", "0.0001 to 1", "log-uniform, 0.001 to 0.1",
        "Sagawa et al. 2020; SubpopBench 10^U(-3,-1)",
    ]  # fmt: skip
