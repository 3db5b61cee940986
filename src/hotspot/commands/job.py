"""One job of a command line: a composed configuration meets a verb."""

import re
import sys
from typing import TYPE_CHECKING

from hotspot.commands.overrides import check_own_limits
from hotspot.config.check import check_config
from hotspot.config.paths import Paths
from hotspot.config.schema import Config

if TYPE_CHECKING:
    from omegaconf import DictConfig


# Keys that change no result, and the experiment, whose name stands before.
_UNNAMED = re.compile(r"\+{0,2}(experiment|workers|tracking(\.\w+)*)=")


def run_job(verb: str, composed: "DictConfig") -> None:
    """Check the composed configuration and run a verb with it.

    A job of a ``-m`` sweep gets a name of its own, made of what was swept, so that jobs never
    write to each other's files.
    """
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode
    from omegaconf import OmegaConf

    values = OmegaConf.to_container(composed, resolve=True, throw_on_missing=False)
    config = check_config(values)
    facts = HydraConfig.get()
    check_own_limits(config, facts.overrides.task)
    if facts.mode == RunMode.MULTIRUN:
        swept = variant_name(config.name, facts.job.override_dirname)
        config = config.model_copy(update={"name": swept})
        sys.stderr.write(f"\njob {facts.job.num}: {swept}\n")
    run_verb(verb, config, Paths(config.name))


def run_verb(verb: str, config: Config, paths: Paths) -> None:
    """Run one stage, or all of them in order."""
    from hotspot.commands import pipeline
    from hotspot.commands.console import Console

    console = Console(sys.stderr)
    with console.told_warnings():
        if verb == "run":
            pipeline.run(config, paths, console)
        else:
            pipeline.run_one(verb, config, paths, console)


def typed_overrides() -> list[str]:
    """Return the overrides of the job at hand as they were typed; none outside a job."""
    from hydra.core.hydra_config import HydraConfig

    return list(HydraConfig.get().overrides.task) if HydraConfig.initialized() else []


def variant_name(name: str, overrides: str) -> str:
    """Return the name of a sweep's job: the experiment and what was swept.

    What changes no result, such as how many processes work, is no part of it.

    Examples
    --------
    >>> variant_name("meuse", "++threshold.zn=500,model=logistic")
    'meuse@threshold.zn=500,model=logistic'
    >>> variant_name("meuse", "model=logistic,tracking=none,workers=1")
    'meuse@model=logistic'
    """
    kept = [part for part in overrides.split(",") if _UNNAMED.match(part) is None]
    text = re.sub(r"[^A-Za-z0-9_.,=-]", "", ",".join(kept))
    return f"{name}@{text}" if text else name
