from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from authenticators.links import link_url
from commands.__main__ import main
from commands.accounts import listed
from commands.links import link_for
from commands.place import Place
from records.accounts import account_rows, check_link, set_password_hash
from records.errors import LinkReplaced
from records.people import ensure_person, find_person
from records.store import Store
from settings.load import load
from tests.unit.commands.hub_databases import write_hub_database
from tests.unit.commands.places import environment_of, make_place

NOW = datetime(2030, 6, 1, 12, 0, tzinfo=UTC)


def token_in(link: str) -> str:
    return parse_qs(urlsplit(link.strip()).query)["token"][0]


def owner_of(place: Place, token: str, now: datetime) -> str:
    with Store(place.records_database) as store:
        return store.run_now(lambda records: check_link(records, token, now)).user_name


def add_person(place: Place, name: str) -> None:
    with Store(place.records_database) as store:
        store.run_now(lambda records: ensure_person(records, name, first_uid=20000, now=NOW))


def set_password(place: Place, name: str) -> None:
    with Store(place.records_database) as store:
        person = store.run_now(lambda records: find_person(records, name))
        assert person is not None
        store.run_now(lambda records: set_password_hash(records, person.person_id, "a hash", NOW))


def test_a_link_opens_the_accounts_page_of_the_site_for_that_person(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = make_place(tmp_path, has_data=True)
    add_person(place, "bob")
    assert main(["accounts", "link", "bob"], environment_of(place)) == 0
    link = capsys.readouterr().out.strip()
    assert link == link_url(load(place.hub_toml), token_in(link))
    assert owner_of(place, token_in(link), datetime.now(UTC) + timedelta(minutes=29)) == "bob"


def test_a_link_ends_after_the_configured_minutes(tmp_path: Path) -> None:
    place = make_place(tmp_path, has_data=True)
    with Store(place.records_database) as store:
        person = store.run_now(lambda records: ensure_person(records, "bob", first_uid=20000, now=NOW))
        link = store.run_now(lambda records: link_for(records, load(place.hub_toml), person, now=NOW))
    assert owner_of(place, token_in(link), NOW + timedelta(minutes=29, seconds=59)) == "bob"
    with pytest.raises(Exception, match="expired"):
        owner_of(place, token_in(link), NOW + timedelta(minutes=30))


def test_somebody_added_in_the_admin_panel_gets_a_link(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = make_place(tmp_path, has_data=True)
    write_hub_database(place.jupyterhub_database, {"carol": []})
    assert main(["accounts", "link", "carol"], environment_of(place)) == 0
    assert owner_of(place, token_in(capsys.readouterr().out), datetime.now(UTC)) == "carol"


def test_a_stranger_gets_none_and_is_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = make_place(tmp_path, has_data=True)
    assert main(["accounts", "link", "mallory"], environment_of(place)) == 1
    said = capsys.readouterr()
    assert said.out == "" and "mallory" in said.err
    with Store(place.records_database) as store:
        assert store.run_now(account_rows) == []


def test_a_hub_without_data_is_not_given_any(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = make_place(tmp_path)
    for words in (["accounts", "list"], ["first-link"], ["homes", "list"]):
        assert main(words, environment_of(place)) == 1
        assert "./hub up" in capsys.readouterr().err
    assert not place.data.exists()


def test_the_first_admin_has_a_link_until_a_password_is_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = make_place(tmp_path, has_data=True)
    assert main(["first-link"], environment_of(place)) == 0
    first = token_in(capsys.readouterr().out)
    assert owner_of(place, first, datetime.now(UTC)) == "ada"
    assert main(["first-link"], environment_of(place)) == 0
    second = token_in(capsys.readouterr().out)
    with pytest.raises(LinkReplaced):
        owner_of(place, first, datetime.now(UTC))
    assert owner_of(place, second, datetime.now(UTC)) == "ada"
    set_password(place, "ada")
    assert main(["first-link"], environment_of(place)) == 0
    assert capsys.readouterr().out == ""


def test_the_list_tells_passwords_and_links_apart(tmp_path: Path) -> None:
    place = make_place(tmp_path, has_data=True)
    for name in ("ada", "bob", "carol"):
        add_person(place, name)
    settings = load(place.hub_toml)
    with Store(place.records_database) as store:
        bob = store.run_now(lambda records: find_person(records, "bob"))
        assert bob is not None
        store.run_now(lambda records: link_for(records, settings, bob, now=NOW))
    set_password(place, "ada")
    with Store(place.records_database) as store:
        rows = store.run_now(account_rows)
    assert listed(rows, NOW).splitlines() == [
        "name   password  one-time link",
        "ada    yes       none",
        "bob    no        open until 2030-06-01 12:30 UTC",
        "carol  no        none",
    ]
    assert "expired" in listed(rows, NOW + timedelta(hours=1))


def test_an_empty_list_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["accounts", "list"], environment_of(make_place(tmp_path, has_data=True))) == 0
    assert capsys.readouterr().out == "There is no account yet.\n"


@pytest.mark.parametrize("words", [[], ["link"], ["make", "bob"], ["link", "bob", "eve"]], ids=str)
def test_other_words_end_with_the_usage(tmp_path: Path, words: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["accounts", *words], environment_of(make_place(tmp_path)))
    assert end.value.code == 2
