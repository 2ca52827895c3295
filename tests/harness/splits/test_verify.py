import pytest

from spurgen.benchmark.suite import load_suite
from spurgen.harness.splits.verify import stamp, stamped


@pytest.mark.parametrize(
    "name", ["spurgen.harness.splits.verify._code_digest", "numpy.__version__", "numba.__version__"]
)
def test_a_stamp_does_not_hold_for_other_code_or_libraries(suite, tmp_path, monkeypatch, name):
    stamp(suite, tmp_path)
    assert stamped(suite, tmp_path)
    monkeypatch.setattr(name, (lambda *_: "another") if name.endswith("digest") else "another")
    assert not stamped(suite, tmp_path)


def test_a_stamp_does_not_hold_for_another_manifest(suite, tmp_path):
    stamp(suite, tmp_path)
    right = next(iter(suite.manifest.scenarios["small"].parts["val"].shards)).images
    text = suite.manifest_file.read_text()
    suite.manifest_file.write_text(text.replace(right, "0" * 64))
    assert not stamped(load_suite(str(suite.folder / "tiny.toml")), tmp_path)
