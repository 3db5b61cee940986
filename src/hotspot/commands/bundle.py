"""`hotspot bundle`: a submission for a receiver of maps, and the check of anyone's."""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from hotspot.bundle.check import check_bundle
from hotspot.bundle.content import Contact, PropertySource, Statement
from hotspot.bundle.findings import as_json, as_text, has_errors, ordered
from hotspot.bundle.methods import PropertyMethods, RunMethods, methods_page
from hotspot.bundle.names import STATISTICS, check_tokens, property_token
from hotspot.bundle.profiles import PROFILES, Profile
from hotspot.bundle.read import tags_of
from hotspot.bundle.write import write_bundle
from hotspot.commands.compose import composed_text
from hotspot.commands.composed import read_composed
from hotspot.commands.console import Console, counted
from hotspot.config.check import check_config
from hotspot.config.compose import check_overrides, compose, search_path_overrides
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.covariates.store import read_catalogue
from hotspot.errors import ConfigError, OutputError, few
from hotspot.estimators.fitted import FittedModel
from hotspot.estimators.store import load_model
from hotspot.evaluation.store import read_ledger, read_table
from hotspot.maps.stac import SamplingPeriod
from hotspot.observations.contaminants import Contaminants

HELP = """\
usage: hotspot bundle [experiment=NAME] [bundle=gsp|inspire|stac] [bundle.country=NLD] ...
       hotspot bundle check DIR [--profile gsp|inspire|stac] [--json]

The first collects the maps of a finished experiment into experiments/NAME/bundle/PROFILE:
named, gridded and described as the receiver asks, with uncertainty layers, ISO 19139 records, a
STAC catalogue, statistics, checksums and a methods page. It needs a country, a depth (of the
bundle, or data.depth), a licence and a contact:
  hotspot bundle experiment=meuse bundle=stac bundle.country=NLD 'bundle.depth=[0,20]' \\
    bundle.licence=CC-BY-4.0 \\
    bundle.contact.organisation='Soil service' bundle.contact.email=soil@example.org

The second tells what is wrong with any bundle, ours or another's; it ends with 1 where there
are errors. docs/bundles.md lists what is checked.
"""
# Overrides that are no settings of a run, and the parts of a configuration behind them.
_OF_A_BUNDLE = re.compile(
    r"[+~]*(experiment|name|contaminants|workers|(bundle|serve|tracking|tune)(@?[\w.]*)?)(=|$)"
)
_NO_PART = {"bundle", "contaminants", "name", "serve", "tracking", "tune", "workers"}


def main(arguments: list[str]) -> int:
    """Write the bundle of an experiment, or check one."""
    if {"-h", "--help"} & set(arguments):
        sys.stdout.write(HELP)
        return 0
    if arguments[:1] == ["check"]:
        return _check(arguments[1:])
    check_overrides(arguments)
    given = [text for text in arguments if not text.startswith("-") and "=" in text]
    asked = check_config(compose([*search_path_overrides(arguments), *given]))
    paths = Paths(asked.name)
    run(_as_made(asked, paths, given), paths, Console(sys.stderr))
    return 0


def _as_made(asked: Config, paths: Paths, given: Sequence[str]) -> Config:
    """Return the configuration of the finished run, with what is asked of the bundle.

    What the run was given on its own command line made the maps, and is in no file of
    ``conf/``: without it the methods page would tell of a model that made none of them.

    Raises
    ------
    ConfigError
        The command line gives other settings of the run.
    OutputError
        There is no run.
    """
    if not paths.config.is_file():
        raise OutputError(
            f"There is no {paths.config.as_posix()}. "
            f"Run `hotspot run experiment={paths.name}` first."
        )
    made = read_composed(paths.config)
    others = [text for text in given if _OF_A_BUNDLE.match(text) is None]
    if others and asked.model_dump(exclude=_NO_PART) != made.model_dump(exclude=_NO_PART):
        raise ConfigError(
            f"{few(others)}: {paths.config.as_posix()} was made with other settings. Leave out "
            "all but the keys of bundle, since a bundle takes the maps as they are, or run the "
            "experiment with these settings first."
        )
    chosen = any(text.lstrip("+").startswith("contaminants=") for text in given)
    kept = asked.contaminants if chosen else made.contaminants
    return made.model_copy(update={"bundle": asked.bundle, "contaminants": kept})


def run(config: Config, paths: Paths, console: Console) -> None:
    """Write the bundle of a finished experiment.

    Raises
    ------
    ConfigError
        Country, depth, licence or contact are missing, or two contaminants share a name.
    OutputError
        A map is missing, or the bundle cannot be written.
    """
    statement = _statement(config)
    profile = PROFILES[config.bundle.profile].with_resolution(config.bundle.resolution)
    tokens = _tokens(config)
    models = {name: load_model(paths.model(name)) for name in _mapped(config, paths)}
    sources = [
        replace(
            _source(paths, model, Contaminants.load()[name].name, tokens[name]),
            samples=_left_out(config, paths, name),
        )
        for name, model in models.items()
    ]
    page = _Page(config, paths, statement, profile, sources)
    folder = paths.bundle(profile.name)
    write_bundle(folder, sources, statement, profile, page=page)
    found = check_bundle(folder)
    for finding in ordered(found):
        console.line(
            f"  {finding.severity}: {finding.file}: {finding.problem} [{finding.code}]"
        )
    console.line(
        f"{folder.as_posix()}: {counted(len(sources), 'contaminant')}, "
        f"{counted(len(found), 'finding')}"
    )


def _check(arguments: list[str]) -> int:
    words = list(arguments)
    profile: str | None = None
    if "--profile" in words:
        position = words.index("--profile")
        profile = words[position + 1] if position + 1 < len(words) else ""
        del words[position : position + 2]
    is_json = "--json" in words
    words = [word for word in words if word != "--json"]
    if len(words) != 1 or words[0].startswith("-"):
        raise ConfigError(
            f"hotspot bundle check takes one folder; seen: {' '.join(arguments) or 'none'}. "
            "Write it as in `hotspot bundle check experiments/meuse/bundle/gsp --json`."
        )
    found = check_bundle(Path(words[0]), profile=profile)
    sys.stdout.write((as_json if is_json else as_text)(words[0], found))
    return 1 if has_errors(found) else 0


def _statement(config: Config) -> Statement:
    asked = config.bundle
    if asked.country is None:
        raise ConfigError(
            "bundle.country is not given, and every file of a bundle is named after it. Give "
            "three capital letters of ISO 3166-1, such as bundle.country=NLD."
        )
    depth = asked.depth
    if depth is None and config.data.depth is not None:
        depth = (config.data.depth.top, config.data.depth.bottom)
    if depth is None:
        raise ConfigError(
            "bundle.depth and data.depth are both null, so that nothing says which layer of "
            "soil is mapped. Give top and bottom in cm, such as 'bundle.depth=[0,20]'."
        )
    return Statement(
        country=asked.country,
        depth=depth,
        title=config.title,
        abstract=config.description,
        licence=asked.licence,
        contact=Contact(asked.contact.organisation, asked.contact.email),
        published_on=asked.published_on,
        keywords=tuple(asked.keywords),
    )


def _tokens(config: Config) -> dict[str, str]:
    registry = Contaminants.load()
    tokens = {
        name: config.bundle.tokens.get(name) or property_token(name, registry[name].symbol)
        for name in config.contaminants
    }
    check_tokens(tokens)
    return tokens


def _mapped(config: Config, paths: Paths) -> list[str]:
    absent = [name for name in config.contaminants if not paths.maps(name).is_dir()]
    if absent:
        raise OutputError(
            f"There are no maps of {few(absent)} below {paths.all_maps.as_posix()}. "
            f"Run `hotspot run experiment={config.name}` first."
        )
    return list(config.contaminants)


def _source(paths: Paths, model: FittedModel, name: str, token: str) -> PropertySource:
    folder = paths.maps(model.contaminant)
    layers = {
        role: folder / f"{role}.tif"
        for role in STATISTICS
        if (folder / f"{role}.tif").is_file()
    }
    if "probability" not in layers:
        raise OutputError(
            f"There is no {folder / 'probability.tif'}, and no bundle without it. Add "
            "probability to predict.layers, then run `hotspot predict`."
        )
    tags = tags_of(layers["probability"])
    hotspots = folder / "hotspots.gpkg"
    return PropertySource(
        model=model,
        name=name,
        token=token,
        layers=layers,
        decision={key: text for key, text in tags.items() if key.startswith("decision_")},
        period=_period(folder / "item.json"),
        hotspots=hotspots if hotspots.is_file() else None,
    )


def _period(path: Path) -> SamplingPeriod:
    """Return the time of sampling that the item of a map states."""
    try:
        properties = json.loads(path.read_text(encoding="utf-8"))["properties"]
        start = date.fromisoformat(properties["start_datetime"][:10])
        end = date.fromisoformat(properties["end_datetime"][:10])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise OutputError(
            f"{path} does not state when samples were taken: {error!r}. "
            "Run `hotspot predict` again."
        ) from error
    # The ends of the format stand for "not known".
    return SamplingPeriod(
        None if start == date.min else start, None if end == date.max else end
    )


def _left_out(config: Config, paths: Paths, contaminant: str) -> pd.DataFrame | None:
    """Return left-out predictions under the primary plan, averaged over repeats."""
    path = paths.evaluation / "out_of_fold.parquet"
    if not path.is_file():
        return None
    table = read_table(path)
    own = table[
        (table["contaminant"] == contaminant)
        & (table["model"] == config.model.kind)
        & (table["plan"] == config.cv.primary)
    ].dropna(subset=["probability", "label"])
    if own.empty:
        return None
    mean = own.groupby("sample_id")[["probability", "label"]].mean()
    return mean.rename(columns={"label": "exceeds"}).reset_index(drop=True)


class _Page:
    """Makes the methods page from the files of the run."""

    def __init__(
        self,
        config: Config,
        paths: Paths,
        statement: Statement,
        profile: Profile,
        sources: list[PropertySource],
    ) -> None:
        self._config, self._paths = config, paths
        self._statement, self._profile, self._sources = statement, profile, sources

    def __call__(self, meanings: Mapping[str, Mapping[str, str]]) -> str:
        """Return the page; `meanings` are the sentences of each file, by token."""
        config, paths = self._config, self._paths
        ledger = json.loads(paths.ledger.read_text(encoding="utf-8"))
        facts = self._sources[0].model.facts
        run = RunMethods(
            configuration=composed_text(config),
            facts={
                "Model": config.model.kind,
                "Seed": str(config.seed),
                "Configuration hash": str(facts.get("config_hash", "not known")),
                "Data hash": str(facts.get("data_hash", "not known")),
                "Software": f"hotspot {facts.get('version', 'not known')}",
                "Covariates": ", ".join(_covariates(paths)),
            },
            ledger=ledger.get("steps", []),
            folds=_folds(paths),
            primary=config.cv.primary,
        )
        scores = read_ledger(paths.metrics)
        return methods_page(
            self._statement,
            self._profile,
            run,
            [self._property(each, scores, meanings) for each in self._sources],
        )

    def _property(
        self,
        source: PropertySource,
        scores: Mapping[str, Any],
        meanings: Mapping[str, Mapping[str, str]],
    ) -> PropertyMethods:
        name, kind = source.model.contaminant, self._config.model.kind
        own = scores.get(name, {})
        path = self._paths.evaluation / "reliability.parquet"
        table = read_table(path) if path.is_file() else pd.DataFrame({"contaminant": []})
        rows = table[table["contaminant"] == name].to_dict("records")
        return PropertyMethods(
            token=source.token,
            name=source.name,
            limit=source.model.threshold,
            model=kind,
            scores=own.get(kind, {}),
            baseline=own.get("prevalence", {}),
            reliability=[{str(key): value for key, value in row.items()} for row in rows],
            layers=meanings[source.token],
        )


def _covariates(paths: Paths) -> list[str]:
    if not paths.covariates.is_dir():
        return ["not known"]
    return [each.name for each in read_catalogue(paths.covariates)[0]]


def _folds(paths: Paths) -> list[dict[str, Any]]:
    path = paths.evaluation / "folds.parquet"
    if not path.is_file():
        return []
    table = read_table(path)
    return [
        {
            "contaminant": contaminant,
            "plan": plan,
            "repeats": part["repeat"].nunique(),
            "folds": part["fold"].nunique(),
            "samples": int(part.loc[part["repeat"] == part["repeat"].min(), "n_test"].sum()),
        }
        for (contaminant, plan), part in table.groupby(["contaminant", "plan"], sort=False)
    ]
