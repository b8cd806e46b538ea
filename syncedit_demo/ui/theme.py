"""How the page looks where Gradio decides: colours, sizes and fonts. The rest is in page.css."""

from __future__ import annotations

from gradio.themes import Base
from gradio.themes.utils import colors, sizes


def theme() -> Base:
    """Quiet greys, one accent, the fonts of the system."""
    return Base(
        primary_hue=colors.indigo,
        neutral_hue=colors.zinc,
        text_size=sizes.text_md,
        radius_size=sizes.radius_lg,
        font=("system-ui", "sans-serif"),
        font_mono=("ui-monospace", "monospace"),
    ).set(
        body_background_fill="*neutral_100",
        body_background_fill_dark="*neutral_950",
        block_border_width="0px",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_label_background_fill="transparent",
        block_shadow="none",
        block_padding="0px",
        block_info_text_size="13px",
        input_background_fill="*background_fill_primary",
        input_background_fill_dark="*neutral_900",
        input_border_color="*neutral_300",
        input_border_color_dark="*neutral_700",
        input_border_width="1px",
        background_fill_secondary="*neutral_50",
        checkbox_label_background_fill="transparent",
        checkbox_label_background_fill_hover="transparent",
        checkbox_label_background_fill_selected="transparent",
        checkbox_label_padding="4px 12px 4px 0",
        button_secondary_background_fill="*background_fill_primary",
        button_secondary_background_fill_hover="*background_fill_secondary",
        button_secondary_background_fill_dark="*neutral_900",
        button_secondary_background_fill_hover_dark="*neutral_800",
        checkbox_label_background_fill_dark="transparent",
        checkbox_label_background_fill_hover_dark="transparent",
        checkbox_label_background_fill_selected_dark="transparent",
        button_secondary_border_color="*neutral_300",
        button_secondary_border_color_dark="*neutral_700",
        button_border_width="1px",
        button_primary_border_color="transparent",
        button_small_text_size="14px",
        button_small_padding="8px 12px",
        button_large_text_size="16px",
        button_large_text_weight="600",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_400",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_400",
        color_accent="*primary_600",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_text_color="white",
    )
