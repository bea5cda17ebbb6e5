"""One definition of every setting: form, command-line flags, presets and recipes all derive from it.

A task's settings are a frozen pydantic model whose fields are made with `setting`. Adding a setting is one line there.
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar, Literal, Self, TypeAlias, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

Effect: TypeAlias = Literal["instant", "steer", "restart"]
"""When a change acts: on the shown picture without the network, on the running job, or on the next start."""

Kind: TypeAlias = Literal["number", "integer", "switch", "choice", "text", "numbers", "structure"]
"""A structure is a model of its own: a panel has a place for it rather than a row, the command line a JSON file."""


class Settings(BaseModel):
    """Base of every task's settings: immutable, comparable, and strict about unknown names.

    `leading` names settings and groups that form and flags show first, where inherited ones would otherwise stand.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    leading: ClassVar[tuple[str, ...]] = ()

    @property
    def idle(self) -> frozenset[str]:
        """The settings that change nothing while the others are as they are."""
        return frozenset()

    def moved(self, name: str, value: Any) -> Self:
        """Return the settings after a hand has set one of them; others may follow it.

        Raises:
            ValidationError: it cannot have this value.

        """
        return type(self).model_validate({**self.model_dump(), name: value})


@dataclass(frozen=True, slots=True)
class SettingInfo:
    """Everything a form, a flag or a help page needs to know about one setting."""

    name: str
    kind: Kind
    default: Any
    label: str
    help: str
    low: float | None
    high: float | None
    term: str = ""
    step: float | None = None
    unit: str = ""
    group: str = ""
    effect: Effect = "restart"
    scale: Literal["linear", "log"] = "linear"
    choices: Mapping[str, str] = field(default_factory=dict)
    lowest: str = ""
    offers: str = ""
    look: bool = True

    @property
    def flag(self) -> str:
        """The command-line flag, e.g. `--style-weight`."""
        return "--" + self.name.replace("_", "-")


def setting(
    default: Any,
    *,
    label: str,
    help: str,
    term: str = "",
    low: float | None = None,
    high: float | None = None,
    step: float | None = None,
    unit: str = "",
    group: str = "",
    effect: Effect = "restart",
    scale: Literal["linear", "log"] = "linear",
    choices: dict[str, str] | None = None,
    lowest: str = "",
    offers: str = "",
    look: bool = True,
) -> Any:
    """Declare one setting of a `Settings` model.

    Args:
        default: the value a newcomer starts with.
        label: an artist's words, as the form shows them.
        help: one line: what moving it does to the picture.
        term: the technical term, shown in the tooltip.
        low: smallest value.
        high: greatest value.
        step: what one key press or wheel notch changes.
        unit: shown behind the number, e.g. "px".
        group: the collapsible group in the form; "" is the always visible one.
        effect: when a change acts, see `Effect`.
        scale: how a slider spreads the range.
        choices: value → label, for a field of `Literal` type, or of what is offered until `offers` is looked up.
        lowest: the word for the smallest value, where it says something else than a number: "never".
        offers: for a text that names a trained network: the task that it is trained for, "backbone" or "fast_style".
            The form offers those of this computer; a recipe tells of a file or folder only its name.
        look: whether it belongs to a look (`presets.Look`), rather than to these pictures or to this computer.

    """
    extra: dict[str, Any] = {
        "term": term, "step": step, "unit": unit, "group": group, "effect": effect, "scale": scale,
        "choices": choices or {}, "lowest": lowest, "offers": offers, "look": look,
    }  # fmt: skip
    return Field(default, title=label, description=help, ge=low, le=high, json_schema_extra=extra)


def inherited(model: type[Settings], name: str, default: Any, **words: str) -> Any:
    """Declare a setting of a base class again, with another default; `label` and `help` may be others, too."""
    made = copy(model.model_fields[name])
    made.default = default
    made.title, made.description = words.get("label", made.title), words.get("help", made.description)
    return made


@cache
def describe(model: type[Settings]) -> tuple[SettingInfo, ...]:
    """Return every setting of `model`: first what is `leading`, then in the order of definition."""
    infos = [_describe_field(name, field) for name, field in model.model_fields.items()]

    def place(info: SettingInfo) -> int:
        places = (model.leading.index(key) for key in (info.name, info.group) if key in model.leading)
        return next(places, len(model.leading))

    return tuple(sorted(infos, key=place))


def _describe_field(name: str, made: FieldInfo) -> SettingInfo:
    extra: dict[str, Any] = dict(made.json_schema_extra) if isinstance(made.json_schema_extra, dict) else {}
    limits = {type(m).__name__: m for m in made.metadata}
    if get_origin(made.annotation) is Literal and not extra.get("choices"):
        extra["choices"] = {str(value): str(value) for value in get_args(made.annotation)}
    return SettingInfo(
        name=name,
        kind=_kind_of(made.annotation),
        default=made.get_default(call_default_factory=True),
        label=made.title or name,
        help=made.description or "",
        low=getattr(limits.get("Ge"), "ge", None),
        high=getattr(limits.get("Le"), "le", None),
        **extra,
    )


def _kind_of(annotation: Any) -> Kind:
    if get_origin(annotation) is Literal:
        return "choice"
    if get_origin(annotation) is tuple:
        return "numbers"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "structure"
    kinds: dict[Any, Kind] = {bool: "switch", int: "integer", float: "number", str: "text"}
    return kinds[annotation]
