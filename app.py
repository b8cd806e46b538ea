"""The app: settings, service, page, launch."""

import logging
import sys

from syncedit_demo.errors import SyncEditError


def main() -> None:
    """Serve the page until the process is told to end."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    # The processes that read what visitors bring load this module too, and need nothing of the page.
    from syncedit_demo.settings import load_settings  # noqa: PLC0415
    from syncedit_demo.ui.launch import serve_page  # noqa: PLC0415

    try:
        serve_page(load_settings())
    except SyncEditError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
