"""Build the site into `docs/_build/html`; every warning is an error.

Once: `pip install -e '.[docs]'`. Then: `python docs/build.py`.
The pages need no network to be read: open `docs/_build/html/index.html`, or serve the folder.
"""

from __future__ import annotations

import argparse
import gc
import sys
from pathlib import Path

from sphinx.cmd.build import main as sphinx

HERE = Path(__file__).parent


def main() -> int:
    """Build the site, and return 0 if nothing was wrong."""
    parser = argparse.ArgumentParser(description="Build the site; every warning is an error.")
    parser.add_argument("--out", type=Path, default=HERE / "_build" / "html", help="the folder of the pages")
    arguments = parser.parse_args()
    doctrees = arguments.out.parent / "doctrees"
    gc.disable()  # there is hardly any garbage, and to look for it takes half the time
    options = ["-b", "html", "-W", "--keep-going", "-q", "-d", str(doctrees)]
    return sphinx([*options, str(HERE), str(arguments.out)])


if __name__ == "__main__":
    sys.exit(main())
