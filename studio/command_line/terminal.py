"""A terminal that knows few letters (latin-1, ASCII) takes whatever is printed, in plainer signs."""

import codecs
import io
import sys
import unicodedata

__all__ = ["plain_signs", "speak_plainly"]

_HANDLER = "atelier"
_PLAIN = dict(zip("“”„‘’–—−×·✓✗\u2009\u202f\xa0", "\"\"\"''---x-+x   ", strict=True)) | {
    "…": "...", "→": "->", "≤": "<=", "≥": ">=",
}  # fmt: skip


def speak_plainly() -> None:
    """Make what is printed survive terminals and pipes of any encoding.

    Names of files that are no UTF-8 come out byte for byte, as they lie on the disk.
    """
    codecs.register_error(_HANDLER, plain_signs)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)


def plain_signs(error: UnicodeError) -> tuple[str | bytes, int]:
    r"""Stand in for what cannot be encoded: a letter without its accent, a sign like it, or its number (`\u4e2d`)."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    sign = error.object[error.start]
    if "\udc80" <= sign <= "\udcff":  # a byte of a file's name (PEP 383)
        return bytes([ord(sign) - 0xDC00]), error.start + 1
    return _encodable(_plainer(sign), error.encoding) or _numbered(sign), error.start + 1


def _plainer(sign: str) -> str:
    if sign in _PLAIN:
        return _PLAIN[sign]
    if unicodedata.category(sign).startswith("S"):  # a spinner's dots, a bar's blocks
        return "*"
    return "".join(each for each in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(each))


def _encodable(text: str, encoding: str) -> str:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return ""
    return text


def _numbered(sign: str) -> str:
    return sign.encode("ascii", "backslashreplace").decode()
