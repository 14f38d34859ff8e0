"""Every link inside the repository leads somewhere, and every page is reached."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Page, names, page, pages

# folders of a developer's machine; /home/jovyan is inside docker-stacks images
MACHINE_PATHS = re.compile(r"(?<![\w.*-])/(?:work|workspaces|Users|mnt)/\w|(?<![\w.*-])/home/(?!jovyan|NAME)\w")


def _target(source: Page, link: str) -> tuple[Path, str]:
    path, _, anchor = link.partition("#")
    return ((source.path.parent / path).resolve() if path else source.path), anchor


@pytest.mark.parametrize("name", names())
def test_every_relative_link_leads_to_a_file_and_a_heading_in_it(name: str) -> None:
    source = page(name)
    by_path = {each.path: each for each in pages()}
    broken = []
    for link in source.links():
        if re.match(r"[a-z]+:", link):
            continue
        path, anchor = _target(source, link)
        if not path.exists() or (anchor and anchor not in by_path[path].anchors()):
            broken.append(link)
    assert broken == []


def test_every_page_is_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    by_path = {each.path: each for each in pages()}
    while waiting:
        path = waiting.pop()
        if path in reached or path not in by_path:
            continue
        reached.add(path)
        links = (link for link in by_path[path].links() if not re.match(r"[a-z]+:", link))
        waiting += [_target(by_path[path], link)[0] for link in links]
    assert [each.name for each in pages() if each.path not in reached] == []


@pytest.mark.parametrize("name", names())
def test_no_page_names_a_place_of_a_development_machine(name: str) -> None:
    assert MACHINE_PATHS.findall(page(name).text) == []


@pytest.mark.parametrize("name", names())
def test_a_page_has_one_title_and_no_line_that_is_left_to_do(name: str) -> None:
    text = page(name).prose
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1
    assert re.findall(r"TODO|FIXME|XXX", text) == []
    assert page(name).text.count("```") % 2 == 0
