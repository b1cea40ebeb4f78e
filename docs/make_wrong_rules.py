"""Write `docs/wrong_rules.md` from `wrong_rules.toml`, by making each mistake: `python docs/make_wrong_rules.py`."""

from __future__ import annotations

import importlib.util
import linecache
import re
import textwrap
import tomllib
from pathlib import Path
from typing import Any

from tinygrad_lab.errors import GradientError
from tinygrad_lab.testing.mistakes import Mistake

HERE = Path(__file__).parent
PAGE = HERE / "wrong_rules.md"
SOURCE = tomllib.loads((HERE / "wrong_rules.toml").read_text(encoding="utf-8"))
HEAD = SOURCE.pop("head").strip()

INTRODUCTION = """# Wrong rules, and their cures

This page makes each mistake that a report of [the gradient checker](testing.md) can name: the code, what the checker
says about it, and the cure, with which the same check passes. `python docs/make_wrong_rules.py` writes the page by
running all of it, and a test fails if a mistake is missing here or its report has changed. The last lines of the
reports, which reproduce a failure, are left out. All examples begin with
"""


def missing(name: str) -> str:
    """Return the library that a mistake's example needs and that is not installed, or nothing."""
    needed = str(SOURCE[name].get("needs", ""))
    return needed if needed and importlib.util.find_spec(needed) is None else ""


def ran(name: str) -> str:
    """Make a mistake, see that its cure passes the same check, and return the report on it."""
    entry, names = SOURCE[name], {"__name__": "__main__"}
    _run(f"{HEAD}\n{entry['wrong']}", names, name)
    try:
        _run(entry["check"], names, f"{name}, check")
    except GradientError as error:
        report = str(error)
    else:
        raise AssertionError(f"{name}: nothing was found")
    _run(entry["cure"], names, f"{name}, cure")
    _run(entry["check"], names, f"{name}, check")
    return report


def _run(code: str, names: dict[str, Any], file: str) -> None:
    lines = [f"{line}\n" for line in code.strip().split("\n")]
    linecache.cache[f"<{file}>"] = (len(code), None, lines, f"<{file}>")
    exec(compile("".join(lines), f"<{file}>", "exec"), names)  # noqa: S102  it is the page's own


def section(mistake: Mistake, report: str) -> str:
    """Return a mistake's part of the page."""
    entry = SOURCE[mistake.name]
    text = textwrap.fill(" ".join(entry["text"].split()), 120)
    shown = re.sub(r"\n  (reproduce|about this mistake): .*", "", report, flags=re.DOTALL)
    return f"""## {mistake.value}

{text}

```python
{entry["wrong"].strip()}

{entry["check"]}
```

```text
{shown}
```

The cure:

```python
{entry["cure"].strip()}
```
"""


def page(reports: dict[str, str]) -> str:
    """Return the page with the reports on each mistake, by its name."""
    parts = [section(mistake, reports[mistake.name]) for mistake in Mistake]
    return f"{INTRODUCTION}\n```python\n{HEAD}\n```\n\n" + "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page({mistake.name: ran(mistake.name) for mistake in Mistake}), encoding="utf-8")
