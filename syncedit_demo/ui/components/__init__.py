"""Components of the page's own: each has its value, markup, style and behaviour in a folder."""
