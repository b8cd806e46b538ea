"""What stands between the page and whoever asks it: middlewares that know of bytes, and nothing of the page."""
