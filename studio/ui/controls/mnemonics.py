"""Names in menus and buttons: Qt takes an ampersand in their text for a mnemonic, and a tab for a shortcut."""

import re

from studio.core.file_names import readable

__all__ = ["literal", "without_mnemonic"]


def literal(name: str) -> str:
    """Return a name that somebody else gave as the text of an action or button, shown as it is."""
    return readable(name).replace("&", "&&")


def without_mnemonic(text: str) -> str:
    """Return the words of an action or button as they are seen."""
    return re.sub("&(.?)", r"\1", text)
