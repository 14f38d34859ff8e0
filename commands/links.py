"""One-time links as commands make them, and the records that keep them. It imports little: `up` waits for it."""

from datetime import datetime, timedelta
from sqlite3 import Connection

from commands.errors import NotSetUpYet
from commands.place import Place
from records.accounts import make_link
from records.people import Person
from records.store import Store
from settings.schema import Settings

MADE_BY = "./hub"


def open_records(place: Place) -> Store:
    """Give the records of an instance that `./hub up` has set up; raise NotSetUpYet where there is none."""
    if not place.cookie_secret.exists():
        raise NotSetUpYet("This hub has no data yet. Run `./hub up` first.")
    return Store(place.records_database)


def link_for(records: Connection, settings: Settings, person: Person, *, now: datetime) -> str:
    """Make a link for a person and give it as what they open in the browser; their older links end."""
    valid = timedelta(minutes=settings.sign_in.link_minutes)
    token = make_link(records, person.person_id, now=now, valid=valid, made_by=MADE_BY)
    return f"{settings.site.url}/hub/accounts/link?token={token}"
