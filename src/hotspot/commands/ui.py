"""`hotspot ui`: the tracking UI on the local store, on this machine only."""

import os
import subprocess
import sys
from pathlib import Path

from hotspot.commands.overrides import refuse_sweep
from hotspot.config.check import check_config
from hotspot.config.compose import check_overrides, compose
from hotspot.errors import ConfigError

DEFAULT_PORT = 5000

HELP = """\
usage: hotspot ui [port=5000] [experiment=NAME] [key=value ...]

Opens the tracking UI on the store that `tracking.uri` of the experiment names, on this machine
only. It needs a store on this machine; a run makes it (`hotspot run`). Stop with Ctrl+C.
"""


def main(arguments: list[str]) -> int:
    """Serve the store of an experiment's tracking configuration; ``port=5001`` for another."""
    if {"-h", "--help"} & set(arguments):
        sys.stdout.write(HELP)
        return 0
    port = DEFAULT_PORT
    overrides = []
    for text in arguments:
        if text.startswith("port="):
            port = _port(text.removeprefix("port="))
        else:
            overrides.append(text)
    refuse_sweep(overrides)
    check_overrides(overrides)
    tracking = check_config(compose(overrides)).tracking
    if not tracking.uri.startswith("sqlite:///"):
        raise ConfigError(
            f"tracking.uri: {tracking.uri!r} is no local store, so there is none to open. "
            "Open the server's address in a browser."
        )
    database = Path(tracking.uri.removeprefix("sqlite:///")).resolve()
    if not database.is_file():
        raise ConfigError(
            f"There is no tracking store at {database.name} yet. Run `hotspot run` first."
        )
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        "--backend-store-uri",
        f"sqlite:///{database}",
        "--default-artifact-root",
        (database.parent / "artifacts").as_uri(),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
    ]
    # The job workers serve features of language models; they cost a gigabyte of memory.
    environment = {
        **os.environ,
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
    }
    sys.stderr.write(f"Tracking UI: http://127.0.0.1:{port} (stop with Ctrl+C)\n")
    # No shell, and nothing of the user's in it but a checked port and a path of the project.
    return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603


def _port(text: str) -> int:
    if text.isdigit() and 1 <= int(text) <= 65535:
        return int(text)
    raise ConfigError(f"port={text}: this is no port. Give a number from 1 to 65535.")
