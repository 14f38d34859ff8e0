"""What the bridge itself must do: hand its packets to the packet filter and, as an option, keep its ports apart.

An isolated port exchanges frames with ports that are not isolated and with the host only, so a workspace hears not even
another's ARP: https://manpages.debian.org/bridge (``isolated on``). Hub and proxy stay open to all.
"""

from guard.errors import LinksUnreadable
from guard.links import Bridge, Port
from guard.runner import Runner


def ports_to_change(bridge: Bridge, *, is_wanted: bool) -> tuple[Port, ...]:
    """Give the ports whose isolation is not as it must be."""
    return tuple(port for port in bridge.ports if port.is_isolated != _must_isolate(port, is_wanted))


def ensure_isolation(run: Runner, bridge: Bridge, *, is_wanted: bool) -> tuple[str, ...]:
    """Isolate the ports of workspaces, or none; give the devices that were changed.

    A port that went away since the list was made is no failure.
    """
    changed = []
    for port in ports_to_change(bridge, is_wanted=is_wanted):
        state = "on" if _must_isolate(port, is_wanted) else "off"
        if run(["bridge", "link", "set", "dev", port.device, "isolated", state]).is_good:
            changed.append(port.device)
    return tuple(changed)


def ensure_filtered(run: Runner, bridge: Bridge) -> bool:
    """Let the bridge hand its packets to iptables whatever the host's sysctl says; return whether it had to be told.

    Other software turns ``net.bridge.bridge-nf-call-iptables`` off for the whole host; a bridge has a switch of its
    own, and one of the two is enough.
    """
    if bridge.is_filtered:
        return False
    switches = ["nf_call_iptables", "1", "nf_call_ip6tables", "1"]
    done = run(["ip", "link", "set", "dev", bridge.device, "type", "bridge", *switches])
    if not done.is_good:
        raise LinksUnreadable(
            f"The bridge {bridge.device} does not hand its packets to iptables: {done.complaint}. "
            "Load the kernel module br_netfilter."
        )
    return True


def _must_isolate(port: Port, is_wanted: bool) -> bool:
    return is_wanted and not port.is_trusted
