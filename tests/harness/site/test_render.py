import pytest

from spurgen.harness.site.render import inline_markdown, markdown, page
from spurgen.harness.site.trust_page import verdicts

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
