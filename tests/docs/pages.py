"""The documentation as tests read it: pages, their headings, links, code spans and fenced blocks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^```(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"(?<!!)\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_ANCHOR = re.compile(r'<a id="([^"]+)">')


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        """The path from the repository's root."""
        return str(self.path.relative_to(ROOT))

    def blocks(self, language: str) -> list[str]:
        """The fenced blocks of a language."""
        return [code for found, code in _FENCE.findall(self.text) if found == language]

    @property
    def prose(self) -> str:
        """The text without its fenced blocks."""
        return _FENCE.sub("", self.text)

    def spans(self) -> list[str]:
        """The code in backticks."""
        return _SPAN.findall(self.prose)

    def links(self) -> list[str]:
        """The targets of links."""
        return _LINK.findall(_SPAN.sub("", self.prose))

    def anchors(self) -> set[str]:
        """What may stand behind # in a link to this page."""
        return {_slug(heading) for heading in _HEADING.findall(self.prose)} | set(_ANCHOR.findall(self.text))

    def code(self) -> Iterator[str]:
        """Every line of shell that a reader may type: code spans, and lines of blocks for a shell."""
        yield from self.spans()
        for block in self.blocks("sh"):
            yield from block.replace("\\\n", " ").splitlines()

    def rows(self, head: str) -> list[list[str]]:
        """The rows of the table whose first head cell is this."""
        lines = self.prose.splitlines()
        starts = [number for number, line in enumerate(lines) if line.startswith(f"| {head} |")]
        assert len(starts) == 1, f"{self.name} has {len(starts)} tables that begin with {head!r}"
        rows = []
        for line in lines[starts[0] + 2 :]:
            if not line.startswith("|"):
                break
            rows.append([cell.strip() for cell in line.strip().strip("|").split(" | ")])
        return rows


def _slug(heading: str) -> str:
    """The anchor of a heading as GitHub makes it."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


@cache
def pages() -> tuple[Page, ...]:
    """All pages: those in docs/ and those at the top."""
    paths = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
    return tuple(Page(path, path.read_text()) for path in paths)


def page(name: str) -> Page:
    """The page of this path."""
    return next(each for each in pages() if each.name == name)


def names() -> list[str]:
    """The names of all pages, for parametrised tests."""
    return [each.name for each in pages()]
