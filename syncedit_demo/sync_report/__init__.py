"""How well a result keeps time with its reference: motion followed in both, compared, and put into words."""
