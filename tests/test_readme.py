"""The README says what is true: its code runs, its commands are what CI runs, its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_python_blocks_run_one_after_the_other(capsys):
    exec("\n".join(blocks("python")), {"__name__": "readme"})
    printed = capsys.readouterr().out
    loss = re.search(r"^(0\.\d{4})$", printed, flags=re.MULTILINE)[1]
    assert float(loss) < 0.1
    assert "\n6.0 2.0\n" in printed
    assert "squared_relu" in printed


def test_ci_runs_the_commands_of_the_readme():
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    train, test = (block.strip() for block in blocks("sh"))
    assert train in ci
    assert test in ci


def test_links_lead_to_files():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target
