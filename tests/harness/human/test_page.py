"""The page in a real browser: learning, answering by keyboard and mouse, going on after a reload."""

import pytest

pytestmark = pytest.mark.slow
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
SECONDS = 20_000  # milliseconds; a busy machine is slow


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
        page.set_default_timeout(SECONDS)
        page.goto(server.url)
        assert "12 pictures, each with its letter" in page.locator("#intro").inner_text()
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
        page.set_default_timeout(SECONDS)
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
        assert page.get_by_role("button", name="Continue").is_visible()
        page.locator("#start").tap()
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
