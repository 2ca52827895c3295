import pytest

from spurgen.benchmark.plugins import discover, is_trusted, names_in, split_spec


@pytest.fixture
def package(tmp_path, monkeypatch):
    """The name and the folder of an empty package."""
    name = f"plugins_{tmp_path.name}"
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    return name, folder


def test_dropping_a_file_registers_it_under_its_name(package):
    name, folder = package
    for plugin in ("zebra", "aardvark"):
        (folder / f"{plugin}.py").write_text(f"VALUE = {plugin!r}")
    plugins = discover(name)
    assert list(plugins) == ["aardvark", "zebra"]
    assert all(plugin == module.VALUE for plugin, module in plugins.items())


def test_support_code_and_subpackages_are_left_out_and_names_are_listed_without_importing(package):
    name, folder = package
    (folder / "_support.py").write_text("raise RuntimeError")
    (folder / "sub").mkdir()
    (folder / "sub" / "__init__.py").write_text("raise RuntimeError")
    (folder / "notes.txt").write_text("")
    (folder / "one.py").write_text("")
    assert list(discover(name)) == ["one"]
    (folder / "two.py").write_text("raise RuntimeError")
    assert names_in(name) == ["one", "two"]


def test_a_plugin_that_cannot_be_imported_is_an_error(package):
    name, folder = package
    (folder / "broken.py").write_text("import nothing_of_this_name")
    with pytest.raises(ModuleNotFoundError, match="nothing_of_this_name"):
        discover(name)


@pytest.mark.parametrize(
    ("spec", "parts"),
    [
        ("a/b.py", ("a/b.py", "")),
        ("a:b/c.py", ("a:b/c.py", "")),
        ("a/b.py:Net", ("a/b.py", "Net")),
        ("a:b/c.py:Net", ("a:b/c.py", "Net")),
        ("a.b", ("a.b", "")),
        ("a.b:net", ("a.b", "net")),
    ],
)
def test_a_spec_is_a_path_or_module_and_optionally_an_attribute(spec, parts):
    assert split_spec(spec) == parts


@pytest.mark.parametrize(
    ("spec", "trusted"),
    [
        ("spurgen.baselines.erm:submission", True),
        ("spurgen.submissions.controls.words_masked", True),
        ("spurgen.submissions.finetune", False),
        ("spurgen.submissions.controls.words_masked.py", False),
        ("submissions/controls/words_masked.py", False),
    ],
)
def test_only_methods_and_controls_of_the_package_are_trusted(spec, trusted):
    assert is_trusted(spec) is trusted
