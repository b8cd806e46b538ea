"""Edits carried out: the making, the record, the queue for devices, and results held against their clips."""
