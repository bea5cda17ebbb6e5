"""The manual, read in a window of its own."""

import re
from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QImage, QTextCursor, QTextDocument
from PySide6.QtWidgets import QDialog, QTextBrowser, QWidget

from studio.ui.controls.layouts import column, row
from studio.ui.controls.tool_button import tool_button
from studio.ui.theme import Theme

__all__ = ["ManualWindow"]


class ManualWindow(QDialog):
    """Shows the manual's pages; links lead from one to the other, to the web with the desktop's browser.

    Args:
        page: the first page, a Markdown file.

    """

    def __init__(self, page: Path, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Manual")
        self.browser = _Browser(self)
        self._back = tool_button("step_back", "Back", theme, self, hint="Back (Alt+Left)", side=theme.tokens.control)
        self._home = tool_button("list", "Contents", theme, self, side=theme.tokens.control)
        self._page = QUrl.fromLocalFile(str(page))
        gap, margin = theme.tokens.gap, theme.tokens.margin
        buttons = row(self._back, self._home, None, gap=gap // 2, margins=(gap, gap // 2, gap, gap // 2))
        self.browser.document().setDocumentMargin(margin)
        self.setLayout(column(buttons, (self.browser, 1), gap=0))
        self.resize(880, min(760, parent.height() - 40))
        self._connect()
        self.browser.follow(self._page)

    def _connect(self) -> None:
        self._back.clicked.connect(self.browser.backward)
        self._home.clicked.connect(lambda: self.browser.follow(self._page))
        self.browser.backwardAvailable.connect(self._back.setEnabled)
        self._back.setEnabled(False)


class _Browser(QTextBrowser):
    """Knows headings by their names in links, as Markdown's readers do, and fits pictures into the page."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setOpenLinks(False)
        self.setAccessibleName("Manual")
        self.anchorClicked.connect(self.follow)

    def follow(self, link: QUrl) -> None:
        """Go where a link leads."""
        target = self.source().resolved(link)
        if not target.isLocalFile():
            QDesktopServices.openUrl(target)
            return
        page = QUrl(target)
        page.setFragment("")
        if page != self.source():
            self.setSource(page, QTextDocument.ResourceType.MarkdownResource)
            self._space_out()
        if target.hasFragment():
            self._scroll_to(target.fragment())

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        """Return a picture no wider than the page."""
        loaded = super().loadResource(kind, name)
        name = QUrl(name)
        if kind != QTextDocument.ResourceType.ImageResource.value:
            return loaded
        picture = QImage(self.source().resolved(name).toLocalFile())
        room = self.viewport().width() - 3 * round(self.document().documentMargin())
        return picture.scaledToWidth(room) if picture.width() > room > 0 else picture

    def _space_out(self) -> None:
        """Put some air between paragraphs, of which Markdown says nothing."""
        cursor, line = QTextCursor(self.document()), self.fontMetrics().height()
        block = self.document().begin()
        while block.isValid():
            cursor.setPosition(block.position())
            if cursor.currentTable() is None:
                form = block.blockFormat()
                form.setBottomMargin(line / 2 if block.textList() is None else line / 4)
                form.setTopMargin(line if form.headingLevel() else 0)
                cursor.setBlockFormat(form)
            block = block.next()

    def _scroll_to(self, fragment: str) -> None:
        block = self.document().begin()
        while block.isValid():
            if block.blockFormat().headingLevel() and _slug(block.text()) == fragment:
                top = self.document().documentLayout().blockBoundingRect(block).top()
                self.verticalScrollBar().setValue(round(top))
                return
            block = block.next()


def _slug(heading: str) -> str:
    """Return what links call a heading: lower case, hyphens for spaces, nothing but letters and digits besides."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
