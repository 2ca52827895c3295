import pytest

from spurgen.harness.validity import whac_a_mole


@pytest.fixture
def examined(make_outcomes, gathered):
    def examine(**methods):
        rows = {label: {"signs-image": make_outcomes(label, leans=leans)} for label, leans in methods.items()}
        return whac_a_mole.examine(gathered(rows))

    return examine


def test_a_channel_that_rises_while_another_falls_is_a_mole(examined):
    section = examined(erm=(0.4, 0.2), moved=(0.2, 0.3), cured=(0.2, 0.2), worse=(0.5, 0.2))
    task = section.tasks["signs-image"]
    assert task.erm == pytest.approx({"color": 0.4, "background": 0.2})
    moved, cured = task.methods["moved"], task.methods["cured"]
    assert (moved.falls, moved.rises) == (["color"], ["background"])
    change = moved.channels["color"]
    assert change.change == pytest.approx(-0.2)
    assert change.interval[0] < -0.2 < change.interval[1] < 0
    assert (cured.falls, cured.rises) == (["color"], [])
    lines = {line.split()[1]: line for line in section.tables().splitlines() if line.startswith("| ")}
    assert lines["moved"].rstrip(" |").endswith("background")
    assert "-0.200 (" in lines["moved"]
    assert ")*" in lines["moved"]
    assert all(lines[name].rstrip(" |").endswith("-") for name in ("cured", "worse"))


def test_a_channel_that_repels_is_leaned_on_less(make_outcomes, gathered):
    """Its SSS rises, since SSS has no direction."""
    rows = {
        "erm": {"signs-image": make_outcomes("erm", sss=(0.1, 0.2), leans=(0.1, 0.2))},
        "m": {"signs-image": make_outcomes("m", sss=(0.4, 0.2), leans=(-0.1, 0.2))},
    }
    method = whac_a_mole.examine(gathered(rows)).tasks["signs-image"].methods["m"]
    assert (method.falls, method.rises) == (["color"], [])


def test_methods_with_nearly_equal_reliance_have_no_moles(examined):
    section = examined(erm=(0.3, 0.3), **{f"m{k}": (0.3 + k / 2000, 0.3 - k / 2000) for k in range(6)})
    assert all(method.rises == method.falls == [] for method in section.tasks["signs-image"].methods.values())


def test_p_values_are_corrected_over_methods_and_channels(examined):
    methods = examined(erm=(0.3, 0.3), a=(0.31, 0.29), b=(0.32, 0.28)).tasks["signs-image"].methods
    changes = [change for method in methods.values() for change in method.channels.values()]
    assert len(changes) == 4
    least = min(changes, key=lambda change: change.p)
    assert least.p_holm == pytest.approx(4 * least.p)


def test_rows_are_compared_on_the_seeds_that_both_have(make_outcomes, gathered):
    rows = {
        "erm": {"signs-image": make_outcomes("erm", leans=(0.4, 0.2), seeds=2)},
        "m": {"signs-image": make_outcomes("m", leans=(0.1, 0.2))[:2] + make_outcomes("m", leans=(0.4, 0.2))[2:]},
    }
    suite = gathered(rows)
    ours, erm = (suite.tasks["signs-image"].units(label, "reliance/color") for label in ("m", "erm"))
    changes = whac_a_mole.examine(suite).tasks["signs-image"].methods["m"].channels
    assert changes["color"].change == pytest.approx((ours[:2] - erm).mean())
    assert changes["color"].change == pytest.approx(-0.3, abs=0.01)


def test_missing_rows_are_listed(examined):
    section = examined(m=(0.3, 0.3))
    assert section.tasks == {}
    assert section.missing[0].startswith("signs-image, signs-text, dose-90-image, ")
    assert "no row of erm; `spurgen benchmark --suite " in section.missing[0]
    assert "signs-image: no ranked row beside erm" in examined(erm=(0.3, 0.3)).missing[0]
