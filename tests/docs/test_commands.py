"""Every command, script and option that a page prints is there."""

import argparse
import itertools
import re
import shlex
from collections.abc import Iterator

import pytest

from commands.__main__ import TABLE, find_command, parser_for
from tests.docs.pages import ROOT, page, pages

LAUNCHER = (ROOT / "hub").read_text()
# commands of a workspace, in images/workspace/minimal
IN_A_WORKSPACE = {
    "env-new": "bin/env-new",
    "env-remove": "bin/env-remove",
    "env-use": "etc/workspace.sh",
}
KINDS = "unit hub engine images docker browser docs".split()
# what scripts/test hands on to pytest
OF_PYTEST = {"-k", "-x", "--long"}
END_OF_COMMAND = {"|", "||", "&&", ";", "<", ">", ">>", "2>&1", "…"}


def launcher_table() -> dict[str, str]:
    """The launcher's own table: each command with the arguments that its line shows."""
    lines = LAUNCHER.split("<<'TABLE'\n")[1].split("\nTABLE\n")[0].splitlines()
    return {name: arguments for name, arguments, _ in (line.split("|") for line in lines)}


def typed(program: str) -> Iterator[tuple[str, list[str]]]:
    """Every mention of a program in code, as its page and the words behind it."""
    for each in pages():
        for line in each.code():
            for found in re.finditer(rf"(?:^|[\s;(]|=\S+ )(?P<program>{program})(?P<rest>\s.*|$)", line):
                rest = found["rest"].replace("[", " ").replace("]", " ")
                yield each.name, [found["program"], *_words(rest)]


def _words(text: str) -> list[str]:
    words = []
    for word in shlex.split(text.replace("'", "").replace('"', ""), comments=True):
        if word in END_OF_COMMAND:
            break
        words.append(word.rstrip(",;:"))
    return words


def hub_commands() -> list[tuple[str, str, list[str]]]:
    """Every `./hub COMMAND …` in the pages: the page, the command and what follows."""
    found = []
    for where, (_, *words) in typed(r"\./hub"):
        while words and words[0] in {"--site", "--site="}:
            words = words[2:]
        if words and words[0] not in {"COMMAND", "X", "--help", "--version", "DIR"}:
            found.append((where, words[0], words[1:]))
    return found


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    """All options of a parser and of the actions below it."""
    found = {option for action in parser._actions for option in action.option_strings}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found.update(*(options_of(each) for each in action.choices.values()))
    return found


def actions_of(parser: argparse.ArgumentParser) -> set[str]:
    """The words that may stand first, such as list and link; empty where any word may."""
    return {
        name for action in parser._actions if isinstance(action, argparse._SubParsersAction) for name in action.choices
    }


def test_the_pages_print_commands_at_all() -> None:
    assert {command for _, command, _ in hub_commands()} >= {"up", "down", "check", "explain", "doctor", "purge"}


@pytest.mark.parametrize(("where", "command", "rest"), hub_commands())
def test_a_command_that_a_page_prints_is_there_with_its_options(where: str, command: str, rest: list[str]) -> None:
    assert command in launcher_table(), where
    options = {word.split("=")[0] for word in rest if word.startswith("-") and len(word) > 1}
    words = [word for word in rest if not word.startswith("-")]
    if command in TABLE:
        parser = parser_for(command, find_command(command))
        assert options <= options_of(parser) | {"--help"}, where
        if words and actions_of(parser):
            assert words[0] in actions_of(parser), where
    else:
        shown = set(re.findall(r"-{1,2}[a-z]+", launcher_table()[command]))
        assert options <= shown | {"--help"} | (OF_PYTEST if command == "test" else set()), where


def test_the_page_of_commands_has_every_one_of_the_launcher_and_no_other() -> None:
    rows = page("docs/reference/commands.md").rows("command")
    assert {row[0].strip("`").split()[1] for row in rows} == set(launcher_table())


def test_the_page_of_commands_has_every_exit_code_of_the_launcher() -> None:
    codes = {int(code) for code in re.findall(r"\b(?:FAILED|USAGE|NO_ENGINE|BAD_SETTINGS)=(\d+)", LAUNCHER)}
    rows = page("docs/reference/commands.md").rows("code")
    assert {int(row[0]) for row in rows} == codes | {0}
    assert len(codes) == 4


def _scripts() -> list[tuple[str, str, list[str]]]:
    mentions = typed(r"(?:scripts/[a-z-]+|images/(?:base/)?build)")
    return [(where, words[0], words[1:]) for where, words in mentions]


@pytest.mark.parametrize(("where", "script", "rest"), _scripts())
def test_a_script_that_a_page_prints_is_there_with_its_options(where: str, script: str, rest: list[str]) -> None:
    assert (ROOT / script).is_file(), where
    text = (ROOT / script).read_text()
    for option in (word for word in rest if word.startswith("-")):
        assert option in text or (script == "scripts/test" and option in OF_PYTEST), where
    if script == "scripts/test":
        kinds = list(itertools.takewhile(lambda word: not word.startswith("-"), rest))
        assert set(kinds) <= set(KINDS), where
    if script == "images/build":
        images = set(re.findall(r"^\[(\w+)\]$", (ROOT / "images/tree.toml").read_text(), re.MULTILINE))
        assert {word for word in rest if not word.startswith("-")} <= images | {"all"}, where


def test_every_script_has_a_line_in_the_page_of_commands() -> None:
    listed = {row[0].strip("`") for row in page("docs/reference/commands.md").rows("script")}
    there = {f"scripts/{path.name}" for path in (ROOT / "scripts").iterdir() if path.is_file()}
    assert listed == there | {"images/build", "images/base/build"}


@pytest.mark.parametrize(
    ("where", "words"), [(w, words) for name in IN_A_WORKSPACE for w, words in typed(re.escape(name))]
)
def test_a_command_of_a_workspace_is_in_its_image_with_its_options(where: str, words: list[str]) -> None:
    program = ROOT / "images/workspace/minimal" / IN_A_WORKSPACE[words[0]]
    text = program.read_text()
    assert words[0] in text
    assert all(word in text for word in words[1:] if word.startswith("-")), where


def test_a_command_that_is_not_here_yet_is_not_here() -> None:
    spans = page("docs/operations/what-is-not-here-yet.md").text
    absent = re.findall(r"no commands? ((?:`[a-z]+`(?:, )?)+)", spans)
    names = {name for group in absent for name in re.findall(r"`([a-z]+)`", group)}
    assert names == {"backup", "restore", "adopt"}
    assert names.isdisjoint(launcher_table())


def test_the_kinds_of_tests_are_those_of_the_script() -> None:
    assert f"{' | '.join(KINDS)})" in (ROOT / "scripts/test").read_text()
    listed = {row[0].strip("`").removeprefix("tests/") for row in page("docs/contributing/tests.md").rows("kind")}
    assert listed == set(KINDS)
