"""What Workspace Hub must remember: people and their ids, the names it made, starts and accounts.

One SQLite file (`store`), one module per noun: `people`, `volumes`, `addresses`, `starts`, `accounts`. Their
functions take the open connection first and know nothing of Docker, JupyterHub or threads; `store` runs them.
"""

from typing import Final

# in the hub's data folder
FILE_NAME: Final = "records.sqlite"
