"""`hotspot explain`: what the model leans on, tested; as tables, statements and maps."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.commands.console import Console
from hotspot.commands.hotspot_cards import hotspot_cards
from hotspot.commands.models import primary_plans
from hotspot.commands.predict import forget_others
from hotspot.commands.role_maps import map_background, write_role_maps
from hotspot.commands.statements import write_tested_statements
from hotspot.commands.workers import Team, in_parallel, worker_count, workers_within
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.covariates.stack import open_stack
from hotspot.estimators.distinct import copies_of
from hotspot.estimators.fitted import FittedModel
from hotspot.estimators.store import load_model
from hotspot.explanations.ale import SHAPE_COLUMNS, effect_shape, log_odds_of
from hotspot.explanations.background import (
    Background,
    choose_background,
    spread_rows,
    with_known_limit,
)
from hotspot.explanations.coalitions import MAX_EXACT
from hotspot.explanations.contributions import ShapValues
from hotspot.explanations.evidence import BY_BACKGROUND, Rows
from hotspot.explanations.importance import covariate_importance
from hotspot.explanations.interactions import interaction_table, joined_players
from hotspot.explanations.origins import Origin, origin_covariates, origin_roles, share_origins
from hotspot.explanations.roles import role_contributions
from hotspot.explanations.scales import played_jointly, player_values, scale_worths
from hotspot.explanations.shapley import LOCATION
from hotspot.explanations.share_trial import try_shares
from hotspot.explanations.store import (
    HOTSPOTS_FILE,
    ORIGINS_FILE,
    SCALE_FILES,
    write_cards,
    write_origins,
    write_values,
)
from hotspot.explanations.traits import is_additive, with_location
from hotspot.explanations.values import shap_values
from hotspot.files import replaced_folder, write_table
from hotspot.folds.store import read_folds
from hotspot.samples.sampleset import Samples
from hotspot.samples.store import read_samples
from hotspot.seeds import child_seed

# Samples explained, at most, where each costs thousands of predictions; and of those whose
# probability, median and interval are explained too, by role.
_MAX_SAMPLES = 300
_MAX_SCALED = 60
_PORTION = 50


def run(config: Config, paths: Paths, console: Console) -> None:
    """Explain every contaminant's model; a folder is replaced when all of it is complete."""
    n = len(config.contaminants)
    within = workers_within(config.workers, n)
    if n == 1:
        # Nothing else is watched: the parts of the one explanation have the bars.
        _explain(config, paths, config.contaminants[0], Team(within, console))
    else:
        jobs = [(config, paths, each, Team(within)) for each in config.contaminants]
        workers = worker_count(config.workers, n)
        with console.bar("contaminants") as move:
            in_parallel(_explain, jobs, workers=workers, progress=move)
    forget_others(paths.all_explanations, config.contaminants)


def _explain(config: Config, paths: Paths, contaminant: str, team: Team) -> None:
    """Explain the model of one contaminant."""
    plan = primary_plans(config, read_folds(paths.folds))[0]
    model = load_model(paths.model(contaminant))
    with (
        open_stack(paths.covariates) as stack,
        replaced_folder(paths.explanations(contaminant)) as folder,
    ):
        chosen = read_samples(paths.samples, stack.catalogue).of(contaminant)
        seed = child_seed(config.seed, "background", contaminant)
        known = with_known_limit(chosen, model.limit)
        values, rows = _explained(model, chosen, choose_background(known, seed=seed), team)
        write_values(values, chosen.sample_id[rows].tolist(), folder / "values.parquet")
        has_story = bool(np.nanmax(np.abs(values.values), initial=0.0) > 0)
        origins = _write_origins(model, chosen, (values, rows), folder) if has_story else ()
        if config.explain.role_layers:
            background = choose_background(known, map_background(model, stack), seed=seed)
            write_role_maps(
                config,
                model,
                stack,
                background=background,
                maps=paths.maps(contaminant),
                folder=folder,
                origins=origins,
            )
        if not has_story:
            return
        write_tested_statements(
            config,
            model,
            chosen,
            (values, rows),
            plan=plan,
            metrics=paths.metrics,
            folder=folder,
            team=team,
        )
        roles, _ = _by_role(model, values)
        _write_scales(model, known, roles, seed, folder)
        _write_shapes(config, model, chosen, values, folder)
        cards = hotspot_cards(
            config, paths, model, chosen, stack=stack, folder=folder, roles=roles
        )
        write_cards(cards, folder / HOTSPOTS_FILE, contaminant=contaminant)


def _explained(
    model: FittedModel, samples: Samples, background: Background, team: Team
) -> tuple[ShapValues, Rows]:
    """Return what the model says of its samples, and which these are.

    Of a model that is no sum, 300 samples spread over the survey are explained at most, in
    portions that do not depend on the number of processes; none is where the limit is not
    known.
    """
    limits = np.broadcast_to(np.asarray(model.limits(samples.X)), len(samples))
    rows = np.flatnonzero(np.isfinite(limits))
    if not is_additive(model):
        places, seed = samples.coordinates[rows], int(model.facts["seed"])
        rows = rows[spread_rows(places, _MAX_SAMPLES, seed=seed)]
    size = max(len(rows), 1) if is_additive(model) else _PORTION
    portions = [rows[start : start + size] for start in range(0, max(len(rows), 1), size)]
    jobs = [(model, samples.take(portion), background) for portion in portions]
    return ShapValues.joined(team.do("explained samples", _values, jobs)), rows


def _values(model: FittedModel, asked: Samples, background: Background) -> ShapValues:
    return shap_values(model, asked.X, coordinates=asked.coordinates, background=background)


def _by_role(
    model: FittedModel, values: ShapValues
) -> tuple[list[str], dict[str, NDArray[np.float64]]]:
    """Return the roles by falling importance, and the contributions of each."""
    roles, columns = role_contributions(values, model.catalogue)
    found = dict(zip(roles, columns.T, strict=True))
    return sorted(found, key=lambda role: -float(np.nanmean(np.abs(found[role])))), found


def _write_origins(
    model: FittedModel, samples: Samples, explained: tuple[ShapValues, Rows], folder: Path
) -> tuple[Origin, ...]:
    """Write what is credited to point, diffuse and natural origins, and return it.

    Two origins or more are tried in simulated surveys, whatever the model.
    """
    values, rows = explained
    _, found = _by_role(model, values)
    X = samples.X.iloc[rows].reset_index(drop=True)
    held = origin_covariates(list(found), model.catalogue)
    trial = None
    if len(held) > 1:
        seed = child_seed(int(model.facts["seed"]), "origins", model.contaminant)
        trial = try_shares(samples, model.catalogue, held, seed=seed)
    origins = share_origins(found, X, model.catalogue, trial=trial)
    counted = {role for roles in origin_roles(list(found)).values() for role in roles}
    write_origins(
        origins,
        folder / ORIGINS_FILE,
        contaminant=model.contaminant,
        unassigned=[role for role in found if role not in counted],
    )
    return origins


def _write_scales(
    model: FittedModel, samples: Samples, roles: Sequence[str], seed: int, folder: Path
) -> None:
    """Write what roles add to probability, concentration and uncertainty, and in pairs.

    Sixty samples spread over the survey, at most, against twelve. The median and the width
    of the interval are left out for a model that knows one limit and no concentration.
    """
    asked = samples.take(spread_rows(samples.coordinates, _MAX_SCALED, seed=seed))
    background = choose_background(samples, BY_BACKGROUND.n_background, seed=seed)
    held = with_location(model.catalogue.by_role(), model)
    names = model.catalogue.names
    found = scale_worths(
        model,
        asked.X,
        coordinates=asked.coordinates,
        background=background,
        players=_pairable(model, {role: held[role] for role in roles}),
    )
    ids = asked.sample_id.tolist()
    for scale in found.scales:
        write_values(found.values(scale), ids, folder / f"{SCALE_FILES[scale]}.parquet")
    write_table(interaction_table(found), folder / "interactions.parquet")
    if is_additive(model):
        # A sum is explained by its own parts; the same against a background stands beside.
        beside = player_values(
            model, asked.X, players={n: (n,) for n in names}, background=background
        )
        write_values(beside, ids, folder / "values_interventional.parquet")


def _pairable(
    model: FittedModel, players: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """Return players, the weakest joined, so that all they hold can be told pair by pair."""
    most = MAX_EXACT
    while len(played_jointly(model, joined_players(players, most=most))) > MAX_EXACT:
        most -= 1
    return joined_players(players, most=most)


def _write_shapes(
    config: Config, model: FittedModel, samples: Samples, values: ShapValues, folder: Path
) -> None:
    """Write the shape of the effect of the strongest continuous covariates."""
    some = samples.take(spread_rows(samples.coordinates, _MAX_SAMPLES, seed=config.seed))
    ranked = covariate_importance(values).sort_values(ascending=False, kind="stable")
    copies = copies_of(model.estimator)
    # A copy does what its original does.
    ranked_names = [name for name in map(str, ranked.index) if name != LOCATION]
    drawn = [name for name in ranked_names if copies is None or name in copies.kept]
    shapes = [
        effect_shape(log_odds_of(model), some.X, some.coordinates, name)
        for name in drawn[: config.explain.dependence]
        if not model.catalogue[name].is_categorical
    ]
    shapes = [shape for shape in shapes if len(shape)]
    empty = pd.DataFrame({name: [] for name in SHAPE_COLUMNS})
    table = pd.concat(shapes, ignore_index=True) if shapes else empty
    write_table(table, folder / "shape.parquet")
