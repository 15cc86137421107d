"""Text of pictures: scanned pages and photographed ones, read by Tesseract."""
