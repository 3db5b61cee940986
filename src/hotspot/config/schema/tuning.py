"""Search spaces and the search."""

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from hotspot.config.schema.models import ModelConfig, _kind_of
from hotspot.config.schema.node import Count, ModelKind, Node
from hotspot.errors import nearest_name


class ParameterConfig(Node):
    """The values that a parameter of a model may take in a search; see `conf/tune`."""

    kind: Literal["int", "float", "categorical"]
    low: int | float | None = None
    high: int | float | None = None
    log: bool = False
    choices: list[Any] | None = None

    @model_validator(mode="after")
    def _range_or_choices(self) -> "ParameterConfig":
        if self.kind == "categorical":
            if self.low is not None or self.high is not None or self.log:
                raise ValueError(
                    "a categorical parameter has `choices`, and neither `low`, `high` nor `log`"
                )
            choices = self.choices or []
            if len(choices) < 2 or any(each in choices[:n] for n, each in enumerate(choices)):
                raise ValueError(f"`choices: {choices}`: give two or more that differ")
            return self
        if self.choices is not None or self.low is None or self.high is None:
            raise ValueError(f"a parameter of the kind {self.kind} has `low` and `high`, alone")
        if not self.low < self.high:
            raise ValueError(
                f"`low: {self.low}` is not below `high: {self.high}`. Exchange them"
            )
        if self.log and self.low <= 0:
            raise ValueError(
                f"`low: {self.low}` has no logarithm. Give a `low` above 0, or `log: false`"
            )
        if self.kind == "int" and not all(isinstance(n, int) for n in (self.low, self.high)):
            raise ValueError(
                f"`low: {self.low}` and `high: {self.high}` of an int are not whole numbers. "
                "Round them, or give kind float"
            )
        return self

    def samples(self) -> list[Any]:
        """Return values that stand for all: every choice, or the ends and one between."""
        if self.low is None or self.high is None:
            return list(self.choices or [])
        # Between whole numbers, so that a parameter that counts refuses a range of floats.
        inner = [] if self.kind == "int" else [self.low + (self.high - self.low) / 7.3]
        return [self.low, *inner, self.high]


class TuneConfig(Node):
    """The search for settings and covariates; see `conf/tune/search.yaml`."""

    trials: Count
    score: Literal["log_loss", "brier", "crps"]
    nested: bool
    inner_trials: Count
    inner_splits: Annotated[int, Field(ge=2)]
    select: Literal["covariates", "roles"]
    spaces: dict[ModelKind, dict[str, ParameterConfig]]

    @model_validator(mode="after")
    def _parameters_of_the_model(self) -> "TuneConfig":
        models = {_kind_of(each): each for each in get_args(get_args(ModelConfig)[0])}
        for kind, space in self.spaces.items():
            if kind not in models:
                raise ValueError(
                    f"`spaces.{kind}`: there is no option model={kind} to tune. "
                    f"Choose one of {', '.join(models)}"
                )
            known = {name: f for name, f in models[kind].model_fields.items() if name != "kind"}
            for name, parameter in space.items():
                if name not in known:
                    raise ValueError(
                        f"`spaces.{kind}.{name}`: the model {kind} has no such parameter."
                        f"{nearest_name(name, list(known))} "
                        f"It has {', '.join(known) or 'none'}"
                    )
                adapter = TypeAdapter(known[name].rebuild_annotation())
                for value in parameter.samples():
                    try:
                        adapter.validate_python(value)
                    except ValidationError as error:
                        raise ValueError(
                            f"`spaces.{kind}.{name}`: the model cannot take {value!r}: "
                            f"{error.errors()[0]['msg']}. Narrow the space"
                        ) from error
        return self
