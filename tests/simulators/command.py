"""Simulators as processes of their own, as `./ar demo` and the server tests start them."""

import argparse
from pathlib import Path


def serve(name, port, make):
    """Serve until interrupted, on the port and with the keys that the command line says.

    :param str name: of the gateway.
    :param int port: the one where the command line names none.
    :param make: called with the folder of the keys and the port; returns a simulator with `server` and `base_url`.
    """
    parser = argparse.ArgumentParser(description=f"{name} simulator on 127.0.0.1")
    parser.add_argument("--port", type=int, default=port)
    parser.add_argument("--state-dir", type=Path, required=True, help="folder of the keys, made if missing")
    options = parser.parse_args()
    simulator = make(options.state_dir, options.port)
    print(f"ready {simulator.base_url}", flush=True)  # noqa: T201 the launcher waits for this line
    try:
        simulator.server.serve_forever()
    except KeyboardInterrupt:
        simulator.server.server_close()
