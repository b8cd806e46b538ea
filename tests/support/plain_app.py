"""A page with every switch as Gradio has it by itself, to see that what a test finds off can be on."""

import gradio as gr

from syncedit_demo.ui.gradio_internals import launch_unchecked

if __name__ == "__main__":
    with gr.Blocks() as page:
        gr.Markdown("A page.")
    launch_unchecked(page)
    page.block_thread()
