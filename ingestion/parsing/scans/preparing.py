"""Pictures made legible: gray, evenly lit, of a size at which letters are recognised, straight."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter, ImageOps, ImageStat

# Below, letters are enlarged: a screen's are ten pixels high, an A4 page of 150 dpi has fewer too.
SMALL = 3_000_000
# A page of 300 dpi and A3; what is larger is reduced.
LARGE = 18_000_000
SMALLEST_SIDE = 12
# The height of small letters. Of smaller ones many are taken for others, most of all when they
# were turned by a few degrees; of larger ones the dots and accents are taken for dirt.
SMALLEST_LETTERS, EASY_LETTERS, LARGEST_LETTERS = 12.0, 24.0, 36.0
# Of the lighting, points this far apart are looked at.
LIGHT_STEP = 16
# Of degrees: more is nothing that a feeder does, and less is nothing that matters.
MOST_SKEW = 15.0
LEAST_SKEW = 0.25
# Of pixels: lines of text are told from each other, and it takes a tenth of a second.
SKEW_SIDE = 1000
SKEW_POINTS = 60_000
DARK = 128
# How much sharper than sideways lines have to be.
CLEARLY = 1.5


def legible(picture: Image.Image) -> Image.Image:
    """A picture in black on white, gray in between, neither too small nor too large."""
    gray = resized(grayed(picture))
    if ImageStat.Stat(gray).median[0] < DARK / 2:
        gray = ImageOps.invert(gray)
    return evenly_lit(gray)


def grayed(picture: Image.Image) -> Image.Image:
    """A picture in 256 shades of gray, on white where it lets something shine through."""
    if picture.mode.startswith(("I", "F")):
        # Shades of scanners and of science, which a conversion would cut off.
        shades = np.asarray(picture, dtype=np.float32)
        low, high = float(shades.min()), float(shades.max())
        spread = (shades - low) * (255 / max(high - low, 1e-9))
        return Image.fromarray(np.nan_to_num(spread).astype(np.uint8))
    if not picture.has_transparency_data:
        return picture.convert("L")
    shades_and_cover = picture.convert("RGBA" if picture.mode == "P" else "LA")
    gray = Image.new("L", picture.size, 255)
    gray.paste(shades_and_cover.convert("L"), mask=shades_and_cover.getchannel("A"))
    return gray


def resized(gray: Image.Image) -> Image.Image:
    """Small pictures twice as wide and high; large ones with as many points as are looked at."""
    return scaled(gray, 2.0 if gray.width * gray.height < SMALL else 1.0)


def with_easy_letters(gray: Image.Image, size: float) -> Image.Image | None:
    """A picture with letters of a size that is easy to read; none when those of `size` are."""
    is_easy = SMALLEST_LETTERS <= size <= LARGEST_LETTERS
    return None if is_easy else scaled(gray, EASY_LETTERS / size)


def scaled(gray: Image.Image, factor: float) -> Image.Image:
    """A picture so many times as wide and high, as far as points are looked at."""
    factor = min(factor, (LARGE / (gray.width * gray.height)) ** 0.5)
    if factor == 1:
        return gray
    size = (max(1, round(gray.width * factor)), max(1, round(gray.height * factor)))
    way = Image.Resampling.BICUBIC if factor > 1 else Image.Resampling.BOX
    return gray.resize(size, way)


def evenly_lit(gray: Image.Image) -> Image.Image:
    """A picture divided by what is the paper at each place: shadows and tints become white."""
    size = (max(1, gray.width // LIGHT_STEP), max(1, gray.height // LIGHT_STEP))
    paper = gray.resize(size, Image.Resampling.BOX)
    paper = paper.filter(ImageFilter.MaxFilter(5)).filter(ImageFilter.GaussianBlur(2))
    light = np.asarray(paper.resize(gray.size, Image.Resampling.BILINEAR), dtype=np.uint16)
    even = np.asarray(gray, dtype=np.uint16) * np.uint16(255) // np.maximum(light, 1)
    return Image.fromarray(np.minimum(even, 255).astype(np.uint8))


class Straight(NamedTuple):
    """A picture whose lines are level, or upright when it lies sideways.

    `skew` is by how many degrees it was turned, against the hands of a clock.
    """

    picture: Image.Image
    is_sideways: bool
    skew: float


def straightened(gray: Image.Image) -> Straight:
    """A picture turned by a few degrees, so that its lines are level or upright."""
    rows, columns = dark_points(gray)
    if not len(rows):
        return Straight(gray, is_sideways=False, skew=0.0)
    level, level_skew = sharpest(rows, columns)
    upright, upright_skew = sharpest(columns, -rows)
    is_sideways = upright > level * CLEARLY
    skew = upright_skew if is_sideways else level_skew
    if abs(skew) < LEAST_SKEW:
        return Straight(gray, is_sideways, skew=0.0)
    turned = gray.rotate(skew, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    return Straight(turned, is_sideways, skew)


def dark_points(gray: Image.Image) -> tuple[np.ndarray, np.ndarray]:
    """The rows and columns of points that are dark, in a reduced picture."""
    small = gray.copy()
    small.thumbnail((SKEW_SIDE, SKEW_SIDE), Image.Resampling.BOX)
    rows, columns = np.nonzero(np.asarray(small) < DARK)
    step = max(1, len(rows) // SKEW_POINTS)
    return rows[::step].astype(np.float64), columns[::step].astype(np.float64)


def sharpest(across: np.ndarray, along: np.ndarray) -> tuple[float, float]:
    """How sharply points fall into lines, and by how many degrees these rise to the right."""

    def sharpness(degrees: float) -> float:
        angle = np.radians(degrees)
        heights = across * np.cos(angle) + along * np.sin(angle)
        counts = np.bincount((heights - heights.min()).astype(np.int64))
        return float(np.square(np.diff(counts, prepend=0, append=0)).sum())

    coarse = max(np.arange(-MOST_SKEW, MOST_SKEW + 1), key=sharpness)
    fine = max(np.arange(coarse - 1, coarse + 1.01, 0.125), key=sharpness)
    best = sharpness(fine)
    # A straight page stays as it is: turning costs sharpness.
    return (best, -float(fine)) if best > sharpness(0) * 1.05 else (best, 0.0)
