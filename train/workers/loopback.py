"""Workers on this machine, for tests, benchmarks and the soak: free ports and their TF_CONFIG."""

import contextlib
import json
import socket


def free_ports(count):
    """`count` ports that nobody uses."""
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in held:
            one.bind(("", 0))
        return [one.getsockname()[1] for one in held]


def tf_config(ports, index):
    """TF_CONFIG of worker `index` of those at the ports, as text."""
    addresses = [f"localhost:{port}" for port in ports]
    task = {"type": "worker", "index": index}
    return json.dumps({"cluster": {"worker": addresses}, "task": task})
