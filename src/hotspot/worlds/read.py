"""Reading a world that lies on disk."""

import json
from pathlib import Path

from hotspot import __version__
from hotspot.errors import ConfigError
from hotspot.worlds.options import Options
from hotspot.worlds.world import World
from hotspot.worlds.write import DESCRIPTION, digest_of, observations_text


def read_world(folder: Path | str) -> World:
    """Return the world of a folder, drawn again from its seed and options.

    The files of the truth are for maps and people. The world itself is exact: it is simulated
    again, and refused unless it gives the observations that it gave when it was written.

    Parameters
    ----------
    folder : path
        That `write_world` wrote.

    Raises
    ------
    ConfigError
        The folder is no world, or this version draws another one.
    """
    path = Path(folder) / DESCRIPTION
    if not path.is_file():
        raise ConfigError(
            f"There is no file {path}, so the folder is no world. Make one with "
            "`hotspot world`."
        )
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        seed, draw = int(described["seed"]), int(described["draw"])
        digest = described["observations_sha256"]
        options = Options.from_dict(described["options"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(
            f"{path} does not say what the world is made of: {error}. Make the world again "
            "with `hotspot world`."
        ) from error
    world = World.from_options(seed, options, draw=draw)
    if digest_of(observations_text(world)) != digest:
        raise ConfigError(
            f"The world of {folder} was made by {described.get('made_by', 'another program')}, "
            f"and hotspot {__version__} on this machine draws other observations from the same "
            "seed. Make the world again with `hotspot world`."
        )
    return world
