"""The formats that a result can be written in, each by a writer of its own."""
