import json

import pytest

from spurgen.benchmark.suite import load_suite


@pytest.fixture
def spoiled(suite):
    """Return a function that loads the suite with a changed manifest: `change(manifest, parts of its scenario)`."""

    def spoil(change):
        data = suite.manifest.model_dump(mode="json")
        change(data, data["scenarios"]["small"]["parts"])
        suite.manifest_file.write_text(json.dumps(data))
        return load_suite(str(suite.folder / "tiny.toml"))

    return spoil
