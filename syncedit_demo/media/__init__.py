"""Media files in and out: what they hold, their pictures and sound, and how ours are written."""
