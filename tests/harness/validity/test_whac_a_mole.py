import pytest

from spurgen.harness.validity import whac_a_mole


@pytest.fixture
def examined(make_cells, weigh):
    def examine(seeds=3, **methods):
        rows = {label: {"signs-image": make_cells(label, sss=sss, seeds=seeds)} for label, sss in methods.items()}
        return whac_a_mole.examine(weigh(rows))

    return examine


def test_a_cure_that_feeds_another_shortcut_is_a_mole(examined):
    result = examined(erm=(0.4, 0.2), moved=(0.2, 0.3), cured=(0.2, 0.2), worse=(0.5, 0.2))
    found = result["tasks"]["signs-image"]
    assert found["erm"] == pytest.approx({"color": 0.4, "background": 0.2})
    moved = found["methods"]["moved"]
    assert (moved["falls"], moved["rises"]) == (["color"], ["background"])
    change = moved["channels"]["color"]
    assert change["change"] == pytest.approx(-0.2)
    assert change["interval"][0] < -0.2 < change["interval"][1] < 0
    assert (found["methods"]["cured"]["falls"], found["methods"]["cured"]["rises"]) == (["color"], [])
    lines = {line.split()[1]: line for line in whac_a_mole.tell(result).splitlines() if line.startswith("| ")}
    assert lines["moved"].rstrip(" |").endswith("background")
    assert "-0.200 (" in lines["moved"]
    assert ")*" in lines["moved"]
    assert all(lines[name].rstrip(" |").endswith("-") for name in ("cured", "worse"))


def test_methods_alike_have_no_moles(examined):
    result = examined(erm=(0.3, 0.3), **{f"m{k}": (0.3 + k / 2000, 0.3 - k / 2000) for k in range(6)})
    methods = result["tasks"]["signs-image"]["methods"]
    assert all(moles["rises"] == moles["falls"] == [] for moles in methods.values())


def test_p_values_are_corrected_over_methods_and_channels(examined):
    result = examined(erm=(0.3, 0.3), a=(0.31, 0.29), b=(0.32, 0.28))
    changes = [c for moles in result["tasks"]["signs-image"]["methods"].values() for c in moles["channels"].values()]
    assert len(changes) == 4
    least = min(changes, key=lambda change: change["p"])
    assert least["p_holm"] == pytest.approx(4 * least["p"])


@pytest.mark.parametrize(("erm", "other"), [(2, 4), (4, 2)])
def test_only_common_seeds_are_compared(make_cells, weigh, erm, other):
    def methods(erm, other):
        rows = {
            "erm": {"signs-image": make_cells("erm", seeds=erm)},
            "m": {"signs-image": make_cells("m", seeds=other)},
        }
        return whac_a_mole.examine(weigh(rows))["tasks"]["signs-image"]["methods"]

    assert methods(erm, other) == methods(2, 2)


def test_what_is_missing_is_told(examined):
    other = examined(m=(0.3, 0.3))
    assert other["tasks"] == {}
    assert other["missing"][0].startswith("signs-image, signs-text, dose-90-image, ")
    assert "no row of erm; `spurgen benchmark --suite " in other["missing"][0]
    assert "signs-image: no ranked row beside erm" in examined(erm=(0.3, 0.3))["missing"][0]
