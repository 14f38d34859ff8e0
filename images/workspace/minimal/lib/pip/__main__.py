"""Answer `pip` and `%pip` with what to do: this Python is the image's, and nothing put into it would outlive a stop."""

import sys

sys.exit(
    "This Python belongs to the image; what is installed into it is gone after a stop.\n"
    "Make an environment of your own, in a terminal:  env-new NAME PACKAGE ...\n"
    "It appears in JupyterLab as a kernel named NAME; there and after `env-use NAME` pip works as usual."
)
