"""`python -m tinygrad_lab` is `tinygrad-lab`."""

import sys

from tinygrad_lab.cli import main

sys.exit(main())
