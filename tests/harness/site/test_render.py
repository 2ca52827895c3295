import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spurgen.harness.site.pages import verdicts
from spurgen.harness.site.render import inline_markdown, markdown, page
from spurgen.harness.site.words import file_name

REPORT = """# Is it any good?

## Verdicts

- Dose: what it does: **failed**. It is 0.3 (a_b), not `0.5`.
- Plain: passed. Fine.

## Dose: what it does

| a | b |
|:--|--:|
| 1 | <script>x</script> |

See [the page](https://example.org/x.md). ![A plot](dose.png)

## Plain

Text.
"""


def test_verdicts_are_found_by_the_headings_of_the_report():
    first, second = verdicts(REPORT, set())
    assert first == ("Dose: what it does", "failed", "It is 0.3 (a_b), not <code>0.5</code>.", "")
    assert second[:2] == ("Plain", "passed")
    assert verdicts("no report", set()) == []


def test_a_question_has_the_chart_that_the_report_shows_and_that_is_there():
    text = REPORT.replace("## Plain\n\nText.", "## Plain\n\n![Plain](plain.svg)")
    assert [each.chart for each in verdicts(text, {"plain.svg", "other.svg"})] == ["", "figures/plain.svg"]
    assert [each.chart for each in verdicts(text, {"other.svg"})] == ["", ""]


def test_a_report_is_html_without_links_pictures_and_styles_and_foreign_html_is_text():
    text = markdown(REPORT)
    assert '<th scope="col">a</th>' in text
    assert "&lt;script&gt;" in text
    assert "See the page." in text
    assert not any(word in text for word in ("href", "<img", "style=", "example.org", "<script"))


def test_a_line_is_marked_up_without_a_paragraph():
    assert inline_markdown("a **b** <i>") == "a <strong>b</strong> &lt;i&gt;"


def test_a_template_without_its_content_is_an_error():
    with pytest.raises(Exception, match="is undefined"):
        page("trust.html.j2", "", {})


@given(st.text())
def test_a_file_name_is_safe_on_every_system_and_needs_no_escape_in_an_address(label):
    assert re.fullmatch(r"[a-z0-9_][a-z0-9_-]{0,80}", file_name(label))


def test_plain_labels_keep_their_name():
    assert file_name("group_dro") == "group_dro"


@pytest.mark.parametrize("pair", [("a b", "a-b"), ("A", "a"), ("x/../y", "x-y"), ("", " ")])
def test_labels_that_look_alike_have_different_files(pair):
    assert len({file_name(label).lower() for label in pair}) == 2


@pytest.mark.parametrize("label", ["A", "a b", "con", "", "../x"])
def test_no_label_has_the_name_that_another_gets_by_its_digest(label):
    assert file_name(file_name(label)) != file_name(label)


def test_names_of_devices_are_avoided():
    assert file_name("con") != "con"
