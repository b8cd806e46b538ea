"""The networks of the recipe and what they are made of."""
