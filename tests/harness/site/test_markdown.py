from spurgen.harness.site.markdown import blocks, inline, sections

REPORT = """# Title

Opening.

## One

- first *item*
  goes on
- **second**

| a | b \\| c |
|:--|:--|
| `x` | &lt;1 |

![plot](plot.png)

### Deep

A [link](page.md) and <b>.

## Two

Last.
"""


def test_a_report_is_divided_into_sections_of_blocks():
    parts = sections(blocks(REPORT))
    assert list(parts) == ["One", "Two"]
    assert [block.kind for block in parts["One"]] == ["list", "table", "heading", "paragraph"]
    assert parts["One"][0].lines == ["first *item* goes on", "<strong>second</strong>"]
    assert parts["One"][1].cells == [["a", "b | c"], ["<code>x</code>", "&lt;1"]]
    assert parts["One"][3].lines == ["A link and &lt;b&gt;."]


def test_markup_in_a_report_is_text():
    assert inline("**<script>** `<i>` &lt;u&gt;") == (
        "<strong>&lt;script&gt;</strong> <code>&lt;i&gt;</code> &lt;u&gt;"
    )


def test_an_escaped_character_is_itself():
    assert inline(r"\[a\](b) \*\*c\*\* \_d\_ \~e\~ \\ f\|g") == r"[a](b) **c** _d_ ~e~ \ f|g"
