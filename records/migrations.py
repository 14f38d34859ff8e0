"""The schema of the records, one step per version; a step is never edited once it was released.

The tables and what holds between them:
* `people` — one row per person for ever; `ended_at` is the tombstone.
* `ids` — every user and group id ever given, each to one person or one shared folder, so none is given twice.
* `homes` — every home ever made. A home belongs to a *user id*, as its files do: who holds the id has it.
* `addresses` — every address ever given, by its number.
* `starts` — the journal: what was wanted, before the engine is asked.
* `passwords`, `links` — local accounts; of a link only the SHA-256 of its token.
"""

from typing import Final

Migration = tuple[str, ...]

_FIRST: Final[Migration] = (
    """
    CREATE TABLE people (
      person_id TEXT PRIMARY KEY NOT NULL,
      user_name TEXT NOT NULL,
      created_at TEXT NOT NULL,
      ended_at TEXT
    )
    """,
    "CREATE UNIQUE INDEX one_living_person_per_name ON people (user_name) WHERE ended_at IS NULL",
    # Docker names carry the first 12 hex digits of the id, 13 characters with the hyphen: no two share them
    "CREATE UNIQUE INDEX one_person_per_short_id ON people (substr(person_id, 1, 13))",
    """
    CREATE TABLE ids (
      id INTEGER PRIMARY KEY,
      person_id TEXT UNIQUE REFERENCES people (person_id),
      folder TEXT UNIQUE,
      CHECK (person_id IS NULL OR folder IS NULL)
    )
    """,
    """
    CREATE TABLE homes (
      name TEXT PRIMARY KEY NOT NULL,
      kind TEXT NOT NULL CHECK (kind IN ('volume', 'folder')),
      uid INTEGER NOT NULL REFERENCES ids (id),
      prepared_at TEXT,
      removed_at TEXT
    )
    """,
    "CREATE UNIQUE INDEX one_home_per_uid ON homes (uid) WHERE removed_at IS NULL",
    """
    CREATE TABLE addresses (
      address INTEGER PRIMARY KEY,
      person_id TEXT NOT NULL REFERENCES people (person_id),
      server TEXT NOT NULL
    )
    """,
    "CREATE INDEX addresses_by_owner ON addresses (person_id, server)",
    """
    CREATE TABLE starts (
      person_id TEXT NOT NULL REFERENCES people (person_id),
      server TEXT NOT NULL,
      generation INTEGER NOT NULL,
      container_name TEXT NOT NULL,
      config_hash TEXT NOT NULL,
      begun_at TEXT NOT NULL,
      container_id TEXT,
      ready_at TEXT,
      ended_at TEXT,
      reason TEXT,
      PRIMARY KEY (person_id, server, generation),
      CHECK ((ended_at IS NULL) = (reason IS NULL))
    )
    """,
    """
    CREATE TABLE passwords (
      person_id TEXT PRIMARY KEY NOT NULL REFERENCES people (person_id),
      hash TEXT NOT NULL,
      changed_at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE links (
      token_sha256 TEXT PRIMARY KEY NOT NULL,
      person_id TEXT NOT NULL REFERENCES people (person_id),
      made_at TEXT NOT NULL,
      made_by TEXT NOT NULL,
      valid_until TEXT NOT NULL,
      used_at TEXT,
      replaced_at TEXT
    )
    """,
    "CREATE INDEX links_by_person ON links (person_id)",
)

MIGRATIONS: Final[tuple[Migration, ...]] = (_FIRST,)
