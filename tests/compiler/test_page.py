"""The page docs/compile.md prints what its example prints."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "compile.md"


def test_the_example_prints_the_source_on_the_page(tmp_path):
    example, printed, *_ = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "neuron.py").write_text(example, encoding="utf-8")
    words = [sys.executable, "neuron.py"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True, encoding="utf-8")
    assert done.stdout.rstrip() == printed.rstrip()
