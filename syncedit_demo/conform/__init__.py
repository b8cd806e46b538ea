"""A clip brought to a plan: geometry, rate, colour."""
