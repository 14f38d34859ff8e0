"""Sizes have one spelling."""

import pytest

from settings.sizes import GIB, MIB, TIB, format_bytes, parse_bytes


@pytest.mark.parametrize(
    ("text", "size_bytes"), [("512MiB", 512 * MIB), ("16GiB", 16 * GIB), ("1TiB", TIB), ("1024MiB", GIB)]
)
def test_a_size_is_a_whole_number_and_a_binary_unit(text: str, size_bytes: int) -> None:
    assert parse_bytes(text) == size_bytes


@pytest.mark.parametrize(
    "text",
    [
        "",
        "16",
        "16G",
        "16GB",
        "16 GiB",
        " 16GiB",
        "16GiB\n",
        "1.5GiB",
        "-1GiB",
        "+1GiB",
        "1_0GiB",
        "0x1GiB",
        "１GiB",
        "16gib",
    ]
    + ["1e9GiB", "KiB", "16KiB", "NaN", "99999999999GiB"],
)
def test_no_other_spelling_is_a_size(text: str) -> None:
    with pytest.raises(ValueError, match="GiB"):
        parse_bytes(text)


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(16 * GIB, "16GiB"), (1536 * MIB, "1536MiB"), (TIB, "1TiB"), (2048 * GIB, "2TiB"), (5, "5 bytes"), (0, "0 bytes")],
)
def test_a_size_is_shown_in_the_largest_unit_that_leaves_no_rest(size_bytes: int, text: str) -> None:
    assert format_bytes(size_bytes) == text


@pytest.mark.parametrize("text", ["1MiB", "640MiB", "16GiB", "3TiB"])
def test_a_shown_size_reads_back_as_the_same(text: str) -> None:
    assert format_bytes(parse_bytes(text)) == text
