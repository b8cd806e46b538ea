"""The engine where a GPU is lent to one marked function at a time, in a process of its own, as ZeroGPU does it."""
