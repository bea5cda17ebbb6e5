"""Names from any disk can be shown and written down."""

import os

import pytest

from studio.core.file_names import readable


@pytest.mark.parametrize(("name", "shown"), [
    (b"caf\xc3\xa9.png", "café.png"), (b"caf\xe9.png", r"caf\xe9.png"), (b"two\nlines", "two lines"),
    ("東京 🎨".encode(), "東京 🎨"),
])  # fmt: skip
def test_any_name_becomes_one_line_of_proper_text(name, shown):
    assert readable(name.decode(errors="surrogateescape")) == shown


@pytest.mark.skipif(os.name == "nt", reason="names are always text there")
def test_names_that_differ_stay_different():
    assert readable(os.fsdecode(b"\xe8")) != readable(os.fsdecode(b"\xe9"))
