"""The library that draws, with the readers that are used; imported with the first picture.

It takes 5 MB, and most processes never see a picture.
"""

from PIL import AvifImagePlugin, Image, ImageOps, WebPImagePlugin

__all__ = ["AvifImagePlugin", "Image", "ImageOps", "WebPImagePlugin"]
