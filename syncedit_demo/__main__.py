"""`python -m syncedit_demo`."""

import sys

try:
    from syncedit_demo.cli import main

    code = main()
except KeyboardInterrupt:
    # Pressed before the command line was there to catch it.
    code = 130
sys.exit(code)
