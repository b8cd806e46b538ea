"""The app: settings, service, page, launch."""

import logging
import sys

from syncedit_demo.errors import SyncEditError
from syncedit_demo.service import EditService
from syncedit_demo.settings import load_settings
from syncedit_demo.ui.launch import serve


def main() -> None:
    """Serve the page until the process is told to end."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    try:
        serve(EditService(load_settings()))
    except SyncEditError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
