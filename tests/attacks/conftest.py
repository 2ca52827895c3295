"""Let the tests import the scorecard, which is a program beside them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
