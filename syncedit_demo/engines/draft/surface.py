"""The motion of the surface a local edit lies on, as one affine map."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from syncedit_demo.engines.draft.warping import Floats, Matrix, blur, floats, sample, widened

STAGES = ((3.0, 40), (1.0, 12))
"""(scale of the detail in pixels, how far beyond the edit the surface is looked at) from coarse to fine. An edit on
smooth skin has little to hold on to inside; the surroundings carry it past what crosses in front."""

LEAST_VISIBLE = 0.6
"""Share of the surface, 0-1, that the fine stage must explain for its map to be taken."""


@dataclass(frozen=True, slots=True, eq=False)
class _Template:
    sigma: float
    points: NDArray[np.float64]
    to_unit: Matrix
    detail: Floats
    colours: Floats
    slopes: Floats


class SurfaceTracker:
    """Aligns the surroundings of the edit in frame 0 with later frames.

    Inverse compositional Lucas-Kanade (Baker and Matthews, 2004) over an affine map, with weights of Geman and McClure
    that leave out what is covered. One map for the whole region holds where the texture is too faint for optical flow;
    of the picture only the detail is used, since light and shade stay where they are when a surface turns.
    """

    def __init__(self, first: Floats, edit_mask: Floats) -> None:
        """Take the template.

        Args:
            first: Frame 0, RGB, 0-255.
            edit_mask: Where the edit is, 0-1.
        """
        self._templates = [_template(first, edit_mask, sigma, context) for sigma, context in STAGES]

    def align(self, frame: Floats, gain: Floats, guess: Matrix) -> tuple[Matrix, float]:
        """The map from frame 0 to the frame, shape (3, 3), and the share of the region that it explains.

        Args:
            frame: RGB, 0-255.
            gain: Brightness of the frame against frame 0, per channel.
            guess: The map to start from.
        """
        wide, close = self._templates
        colours = blur(frame, 1)
        detail = _detail(frame, wide.sigma)
        found, share = _refined(wide, guess, detail, colours, gain)
        detail = _detail(frame, close.sigma)
        finer, visible = _refined(close, found, detail, colours, gain)
        return (finer, share) if visible > LEAST_VISIBLE else (found, share)


def _detail(picture: Floats, sigma: float) -> Floats:
    # An octave of it: from the scale to twice that.
    return blur(picture, sigma) - blur(picture, 2.0 * sigma)


def _template(first: Floats, edit_mask: Floats, sigma: float, context: int) -> _Template:
    region = widened((edit_mask > 0.3 * edit_mask.max()).astype(np.uint8), 2 * context + 1)
    rows, columns = np.nonzero(region)
    # Some thousand points tell six numbers; more take longer.
    stride = max(1, len(rows) // 6000)
    rows, columns = rows[::stride], columns[::stride]
    points = np.stack([columns, rows], axis=-1).astype(np.float64)
    centre, radius = points.mean(axis=0), max(8.0, float(points.std()))
    to_unit = np.array([[1 / radius, 0, -centre[0] / radius], [0, 1 / radius, -centre[1] / radius], [0, 0, 1]])
    x, y = ((points - centre) / radius).T[..., None]
    detail = _detail(first, sigma)
    across, down = (floats(cv2.Scharr(detail, cv2.CV_32F, x, 1 - x))[rows, columns] / 32 for x in (1, 0))
    slopes = np.stack([across * x, across * y, across, down * x, down * y, down], axis=-1) * radius
    return _Template(
        sigma, points, to_unit, detail[rows, columns], blur(first, 1)[rows, columns], slopes.astype(np.float32)
    )


def _refined(
    template: _Template, matrix: Matrix, detail: Floats, colours: Floats, gain: Floats
) -> tuple[Matrix, float]:
    current = matrix @ np.linalg.inv(template.to_unit)
    unit = template.points @ template.to_unit[:2, :2].T + template.to_unit[:2, 2]
    target, expected, slopes = template.detail * gain, template.colours * gain, template.slopes * gain[:, None]
    height, width = detail.shape[:2]
    weight = np.zeros(len(unit))
    # Most have settled after a few steps.
    for _ in range(10):
        where = unit @ current[:2, :2].T + current[:2, 2]
        error = floats(_at(detail, where) - target)
        # A pixel counts as covered from about 4 levels off in detail, or 25 in colour, which light and shade change.
        distance = _mean_square(error) / 4.0**2
        other = _mean_square(floats(_at(colours, where) - expected)) / 25.0**2
        inside = ((where >= 0) & (where <= (width - 1, height - 1))).all(axis=1)
        weight = inside / np.square((1 + distance) * (1 + other * other))
        weighted = (slopes * weight[:, None, None].astype(np.float32)).reshape(-1, 6)
        normal = (weighted.T @ slopes.reshape(-1, 6)).astype(np.float64)
        normal += np.diag(np.full(6, 1e-3 * np.trace(normal) / 6 + 1e-6))
        pull: NDArray[np.float64] = (weighted.T @ error.reshape(-1)).astype(np.float64)
        step = np.eye(3)
        step[:2] += np.asarray(np.linalg.solve(normal, pull), np.float64).reshape(2, 3)
        current = current @ np.linalg.inv(step)
        # As a share of the radius: a few hundredths of a pixel.
        if np.abs(step - np.eye(3)).max() < 2e-4:
            break
    return current @ template.to_unit, float(weight.mean())


def _mean_square(values: Floats) -> Floats:
    """Over the channels; `mean` takes several times as long along so short an axis."""
    return np.einsum("ij,ij->i", values, values) / values.shape[1]


def _at(picture: Floats, where: NDArray[np.float64]) -> Floats:
    return sample(picture, where.astype(np.float32)[:, None])[:, 0]
