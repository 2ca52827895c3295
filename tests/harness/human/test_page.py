"""The page in a real browser: learning, answering by keyboard and mouse, going on after a reload."""

import re

import pytest

pytestmark = pytest.mark.slow
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
PATIENCE = 60_000  # milliseconds; a busy machine is slow


@pytest.fixture
def letter_of(labels_of):
    """Return a function that returns the letter of a phase's scene, by its place."""

    def letter(protocol, phase, place):
        index = protocol.scenes[phase][place]
        return protocol.letters[protocol.header.classes.index(labels_of(protocol, phase)[index])]

    return letter


def title(page, text):
    """Wait until an introduction, or a scene that can be answered, has this title."""
    page.locator("#intro, #trial[aria-busy=false]").get_by_role("heading", name=text, exact=True).wait_for()


def study(page, number):
    for place in range(1, number + 1):
        title(page, f"Learn: {place} of {number}")
        page.keyboard.press("Space")


def test_a_person_learns_practises_and_is_tested_by_keyboard(make_run, served, visit, letter_of, stored):
    protocol = make_run()
    with served(protocol) as server:
        seen = visit()
        page = seen.page
        page.set_default_timeout(PATIENCE)
        page.goto(server.url)
        page.locator("#intro", has_text="12 pictures, each with its letter").wait_for()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        title(page, "Learn: 1 of 12")
        assert page.locator("#told").inner_text() == f"This is {letter_of(protocol, 'study', 0)}"
        assert page.locator("#letters").is_hidden()
        study(page, 12)
        title(page, "Now you choose")
        page.locator("#start").click()
        for place in range(6):
            title(page, f"Practice: {place + 1} of 6")
            right = letter_of(protocol, "practice", place)
            pressed = "A" if place == 2 else right
            page.keyboard.press(pressed.lower())
            told = f"✓ Right: {right}" if pressed == right else f"✗ No, this is {right}"
            page.get_by_text(told).wait_for()
            page.keyboard.press("Enter")
        title(page, "The test")
        page.locator("#start").click()
        for place in range(24):
            title(page, f"Test: {place + 1} of 24")
            assert page.locator("#told").inner_text() == ""
            page.keyboard.press(letter_of(protocol, "test", place))
        title(page, "Thank you")
        assert page.locator("#start").is_hidden()
    assert seen.problems == []
    assert {url.startswith(server.url) for url in seen.asked} == {True}
    tested = [answer for answer in stored() if answer["phase"] == "test"]
    assert [answer["index"] for answer in tested] == protocol.scenes["test"]
    assert all(0 < answer["milliseconds"] < 60_000 for answer in tested)


def test_buttons_work_and_a_reload_goes_on_with_the_same_scene(make_run, served, visit, letter_of, stored):
    protocol = make_run(practice=0)
    with served(protocol) as server:
        seen = visit(**PHONE)
        page = seen.page
        page.set_default_timeout(PATIENCE)
        seen.start(server.url)
        for place in range(12):
            title(page, f"Learn: {place + 1} of 12")
            page.locator("#next").tap()
        title(page, "The test")
        page.locator("#start").tap()
        for place in range(3):
            title(page, f"Test: {place + 1} of 24")
            page.get_by_role("button", name=letter_of(protocol, "test", place), exact=True).tap()
        title(page, "Test: 4 of 24")
        page.reload()
        page.get_by_role("button", name="Continue").tap()
        title(page, "Test: 4 of 24")
        page.get_by_role("button", name="B", exact=True).tap()
        title(page, "Test: 5 of 24")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert seen.problems == []
    tested = [answer for answer in stored() if answer["phase"] == "test"]
    classes = [
        protocol.header.classes[protocol.letters.index(letter_of(protocol, "test", place))] for place in range(3)
    ]
    assert [answer["choice"] for answer in tested] == [*classes, protocol.header.classes[1]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_light_and_dark(make_run, served, visit, scheme):
    with served(make_run(practice=3, task="ambiguous-both")) as server:
        seen = visit(color_scheme=scheme)
        page = seen.page
        page.set_default_timeout(PATIENCE)
        seen.start(server.url)
        title(page, "Learn: 1 of 12")
        for selector in ("#trial-title", "#caption", "#told", "#next", "#hint"):
            assert contrast(page, selector) >= 4.5, selector
        study(page, 12)
        page.locator("#start").click()
        told = set()
        for place in range(3):
            title(page, f"Practice: {place + 1} of 3")
            assert contrast(page, "#letters button") >= 4.5
            page.keyboard.press("A")
            page.locator("#told:not(:empty)").wait_for()
            told.add(page.locator("#told").get_attribute("class"))
            assert contrast(page, "#told") >= 4.5
            page.keyboard.press("Space")
        assert told == {"right", "wrong"}  # one scene of each class
    assert seen.problems == []
    assert (luminance(page.evaluate("getComputedStyle(document.body).backgroundColor")) < 0.1) == (scheme == "dark")


def luminance(color):
    """Return the relative luminance of an opaque CSS color, as WCAG defines it."""
    shares = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(page, selector):
    """Return the contrast of an element's text with its own ground, or else the page's."""
    style = page.locator(selector).first.evaluate(
        "(e) => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor, "
        "getComputedStyle(document.body).backgroundColor]"
    )
    color, own, below = style
    pair = sorted(map(luminance, (color, below if own == "rgba(0, 0, 0, 0)" else own)))
    return (pair[1] + 0.05) / (pair[0] + 0.05)


def test_one_press_is_one_answer(make_run, served, visit, stored):
    protocol = make_run(practice=0)
    with served(protocol) as server:
        seen = visit()
        page = seen.page
        page.set_default_timeout(PATIENCE)
        seen.start(server.url)
        title(page, "Learn: 1 of 12")
        page.keyboard.down("Enter")
        title(page, "Learn: 2 of 12")
        page.keyboard.down("Enter")  # the key is still down, so this repeats it
        page.keyboard.up("Enter")
        title(page, "Learn: 2 of 12")
        for place in range(2, 13):
            title(page, f"Learn: {place} of 12")
            page.keyboard.press("Enter")
        page.locator("#start").click()
        title(page, "Test: 1 of 24")
        page.keyboard.down("a")
        title(page, "Test: 2 of 24")
        page.keyboard.down("a")
        page.keyboard.up("a")
        page.keyboard.press("Control+a")
        page.keyboard.press("x")
        page.get_by_role("button", name="B", exact=True).dblclick()
        title(page, "Test: 3 of 24")
        page.keyboard.press("Enter")  # the button that was clicked has lost the focus
        page.reload()
        page.locator("#start").click()
        title(page, "Test: 3 of 24")
    assert [answer["choice"] for answer in stored() if answer["phase"] == "test"] == [*protocol.header.classes[:2]]


def test_a_screen_reader_is_told_what_happens_and_no_answer(make_run, served, visit):
    with served(make_run(task="ambiguous-both", practice=0)) as server:
        seen = visit()
        page = seen.page
        page.set_default_timeout(PATIENCE)
        seen.start(server.url)
        study(page, 12)
        page.locator("#start").click()
        title(page, "Test: 1 of 24")
        assert page.locator("#picture").get_attribute("alt") == "Picture 1 of 24"
        assert page.locator("#caption").inner_text()
        assert page.get_by_role("figure", name="Test: 1 of 24").evaluate("(e) => e === document.activeElement")
        assert page.get_by_role("group", name="Your answer").get_by_role("button").all_inner_texts() == ["A", "B", "C"]
        assert page.get_by_role("progressbar", name="Test: 1 of 24").count() == 1
        assert page.get_by_role("status").inner_text() == ""
    assert seen.problems == []


def test_a_server_that_stopped_is_reported(make_run, served, visit, stored):
    with served(make_run()) as server:
        page = visit().page
        page.set_default_timeout(PATIENCE)
        page.goto(server.url)
        page.locator("#start").click()
        title(page, "Learn: 1 of 12")
    page.keyboard.press("Space")
    page.get_by_role("alert").filter(has_text="Your answer was not stored").wait_for()
    assert stored() == []
