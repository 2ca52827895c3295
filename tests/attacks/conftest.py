"""Lets the tests import the scorecard, which lies beside them and is a program as well."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
