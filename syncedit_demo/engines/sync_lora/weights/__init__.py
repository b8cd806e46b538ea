"""The files of the weights: found, fetched, checked, fused and prepared."""
