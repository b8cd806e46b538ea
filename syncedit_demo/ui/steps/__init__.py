"""The steps of the page, each with its components and what they do."""
