"""A page with every switch as Gradio has it by itself, to see that what a test finds off can be on."""

import gradio as gr

if __name__ == "__main__":
    with gr.Blocks() as page:
        gr.Markdown("A page.")
    # Like the app without a look whether it answers, but with nothing of the app's own, which sets switches.
    page.launch(_frontend=False)
