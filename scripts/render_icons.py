"""Render assets/icons/atelier.svg to the PNG sizes that desktops ask for, and to an .ico for Windows.

python scripts/render_icons.py
"""

from pathlib import Path

from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

ICONS = Path(__file__).resolve().parent.parent / "assets" / "icons"
SIZES = (16, 24, 32, 48, 64, 128, 256, 512)


def main() -> None:
    """Write every size beside the drawing."""
    drawing = QSvgRenderer(str(ICONS / "atelier.svg"))
    for size in SIZES:
        image = QImage(size, size, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        drawing.render(painter)
        painter.end()
        image.save(str(ICONS / f"atelier-{size}.png"))
    pictures = [Image.open(ICONS / f"atelier-{size}.png") for size in SIZES if size <= 256]
    pictures[-1].save(ICONS / "atelier.ico", sizes=[p.size for p in pictures], append_images=pictures[:-1])


if __name__ == "__main__":
    main()
