"""The page: the only part that knows Gradio."""

import os

# Read when Gradio is imported and when it starts: nothing about a visit is told to anybody.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
