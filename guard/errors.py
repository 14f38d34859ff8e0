"""What netguard can fail at; each sentence ends up in its status and its log.

HubError
 └── GuardError
      ├── BadGuardSetup      the environment of the process names no usable instance or subnet
      ├── FirewallUnusable   no packet filter of this host takes or shows the rules
      └── LinksUnreadable    the network devices of this host cannot be read or changed
"""

from settings.errors import HubError


class GuardError(HubError):
    """Netguard could not do its work."""


class BadGuardSetup(GuardError):
    """The environment does not say which instance and subnet to guard."""


class FirewallUnusable(GuardError):
    """A packet filter command is missing or failed."""


class LinksUnreadable(GuardError):
    """A network device command is missing or failed."""
