"""`python -m syncedit_demo`, and `syncedit` where the package is installed."""

import sys
from typing import NoReturn


def run() -> NoReturn:
    """Run the command line and end the process with its exit code."""
    try:
        from syncedit_demo.cli import main  # noqa: PLC0415 - takes a while, in which Ctrl-C may be pressed

        code = main()
    except KeyboardInterrupt:
        # Pressed before the command line was there to catch it.
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    run()
