import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import spurgen.harness.identity.essence as module
from spurgen.harness.identity.essence import essence

HERE = Path(module.__file__).parent


@pytest.fixture
def essence_of(monkeypatch):
    """Returns a function that returns the essence of a source that Python would parse as the given tree."""

    def found(tree):
        with monkeypatch.context() as patched:
            patched.setattr(ast, "parse", lambda _: tree)
            return essence("")

    return found


def function(body):
    return f"def predict(b):\n{body}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("import math  # why\n\n\nx = 1\n", "import math\nx = 1"),
        (function('    """Adds."""\n    return b'), function("    return b")),
        ('"""What it is."""\nx = 1', "'Another.'\nx = 1"),
        ('class M: "d"; K = 1', "class M:\n    K = 1"),
        ('async def f(): "d"; return 1', "async def f(): return 1"),
        ("x = 'a'", 'x = "a"'),
        ("x = f(1, 2)", "x = f(\n    1,  # one\n    2,\n)"),
        ("x = 'a' 'b'", "x = 'ab'"),
        (b"# -*- coding: latin-1 -*-\nx = '\xe9'", "x = 'é'"),
    ],
)
def test_comments_layout_and_docstrings_do_not_count(one, other):
    assert essence(one) == essence(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('def predict(b): "doc"; return A(b)', 'def predict(b): "doc"; return B(b)'),
        ('class M: "d"; K = 1', 'class M: "d"; K = 2'),
        ('if True: "x"; SCALE = 1', 'if True: "x"; SCALE = 2'),
        ('for k in r: "x"', 'for k in r: "y"'),  # no docstring
        ('x = """a\n\nb"""', 'x = """a\nb"""'),
        ('x = """a  \nb"""', 'x = """a\nb"""'),
        ('x = """a\fb"""  # c\ny = 1', 'x = """a\fb"""  # c\ny = 2'),
        ('x = "a\u2028b"  # c\ny = 1', 'x = "a\u2028b"  # c\ny = 2'),
        ("x = 1", "x = 1.0"),
        ("x = 1", "x = True"),
        ("x = '1'", "x = 1"),
        ("x = 'a'", "x = b'a'"),
        ("x = None", "x = 'None'"),
        ("x = {**a, 'b': c}", "x = {'b': c, **a}"),
        ("x = [a, [b]]", "x = [a, b]"),
        ("x = a[1:]", "x = a[:1]"),
        ("def f(a, *, b): ...", "def f(a, b): ..."),
        ("def f(*, a=1, b): ...", "def f(*, a, b=1): ..."),
        ("from . import a", "from .. import a"),
        ("x = f'{a!r}'", "x = f'{a}'"),
        ("x = f'{a:.2f}'", "x = f'{a:.3f}'"),
        ("def f(a: int): ...", "def f(a): ..."),
        ('def f(): "one"\nprint(f.__doc__)', 'def f(): "two"\nprint(f.__doc__)'),
        ("x = 'a;NameX'", "x = ['a', 'NameX']"),
    ],
)
def test_all_else_counts(one, other):
    assert essence(one) != essence(other)


def test_a_long_sum_and_a_long_number_have_an_essence():
    assert essence("x = " + "+".join("a" * 800)) != essence("x = " + "+".join("a" * 801))
    assert essence("x = 0x" + "f" * 5000) != essence("x = 0x" + "f" * 4999 + "e")


def test_the_text_needs_no_unicode_tables():
    assert essence("é = 'é\U0001fae8'").isascii()


def test_an_f_strings_constant_parts_count_as_one_however_they_are_cut(essence_of):
    cut = ast.parse("f'ab{c}'")
    cut.body[0].value.values[:1] = [ast.Constant("a"), ast.Constant(""), ast.Constant("b")]
    assert essence_of(cut) == essence("f'ab{c}'")


def test_only_what_is_named_counts():
    source = "A = 1\nB: int = 2\ndef f(): return 1\nclass C: ...\n"
    assert essence(source, ["A", "f"]) == essence("def g(): ...\nA = 1\ndef f(): return 1", ["f", "A"])
    for old, new in (
        ("A = 1", "A = 2"),
        ("return 1", "return 2"),
        ("B: int = 2", "B: int = 3"),
        ("C: ...", "C: x = 1"),
    ):
        changed = source.replace(old, new)
        assert essence(source, ["A", "B", "C", "f"]) != essence(changed, ["A", "B", "C", "f"])
    with pytest.raises(LookupError, match="does not define D"):
        essence(source, ["A", "D"])


def test_a_field_that_an_older_python_lacks_changes_nothing(essence_of):
    """As 3.12's `type_params` and 3.13's `default_value`: empty in all sources that an older one can read."""
    tree = ast.parse("def f(): ...")
    node = tree.body[0]
    node._fields = (*node._fields, "later", "latest")
    node.later, node.latest = [], None
    assert essence_of(tree) == essence("def f(): ...")


OTHERS = [name for name in (f"/usr/bin/python3.{minor}" for minor in (12, 13, 14)) if Path(name).exists()]
DUMP = "import sys, json; import essence as e; print(json.dumps([e.essence(s) for s in json.load(sys.stdin)]))"
SOURCES = [
    *(path.read_text() for path in sorted(HERE.parent.rglob("*.py"))),
    "x = f'{a}b' 'c' f'{d!r:>{w}}' 'e' f''",
    "x = f'{a=} {b:{c}d}' '{e}'",
    "match x:\n    case None: ...\n    case {'a': [1, *_], **r} | C(b=2): ...",
    "def f[T](a): ..." if sys.version_info >= (3, 12) else "try: ...\nexcept* E: ...",
    "x = 'é\\ud800\U0001fae8'",
]


@pytest.mark.parametrize("python", OTHERS)
def test_every_python_finds_the_same_essence(python):
    """A newer one, where there is one; the sources hold what versions of Python are known to parse differently."""
    command = [python, "-c", f"import sys; sys.path.append({str(HERE)!r}); {DUMP}"]
    told = subprocess.run(command, input=json.dumps(SOURCES), capture_output=True, text=True, check=True)
    assert json.loads(told.stdout) == [essence(source) for source in SOURCES]
