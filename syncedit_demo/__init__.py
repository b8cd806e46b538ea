"""Edit one frame of a clip and get the whole clip back, edited and in sync."""

__version__ = "0.2.0"
