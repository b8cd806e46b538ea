"""The figure of `talking_face`; edited, it has green skin, violet hair and an orange sweater."""

from __future__ import annotations

from examples.scenes.talking_face import Colors, figure, quiff


def build(*, edited: bool) -> None:
    """Put the figure, its lights and the camera into an empty scene."""
    green = Colors("#8cc48a", "#76ae74", "#c9b45c", "#a8507c", "#3a2264", "#6d45ad", "#dd7a2c")
    colors = green if edited else Colors()
    quiff(figure(colors, samples=2), colors.hair)
