"""What happened in a run, as sentences for people; free of Qt."""

from collections.abc import Mapping
from typing import Any

from studio.training.run_log import Happening

__all__ = ["WORTH_TELLING", "in_words"]

_STATES = {
    "running": "Training begins",
    "paused": "Paused at step {step:,}",
    "finished": "Finished at step {step:,}",
    "stopped": "Stopped and kept at step {step:,}",
    "failed": "Failed at step {step:,}",
}
WORTH_TELLING = frozenset({"state", "extended", "resumed", "checkpoint", "settings", "guard", "log"})
"""Kinds of happenings; of the others, such as samples, there are other signs."""


def in_words(one: Happening, labels: Mapping[str, str] | None = None) -> str:
    """Return what happened as one line; "" where the next happening says it all.

    Args:
        one: what happened.
        labels: the words that stand beside a setting's slider, by the setting's name.

    """
    said = str(one.facts.get("message") or one.facts.get("cause") or "")
    match one.kind:
        case "state" if one.facts.get("state") == "running" and one.step > 0:
            words = ""  # "Goes on from step …" follows
        case "state":
            words = _STATES.get(str(one.facts.get("state")), str(one.facts.get("state"))).format(step=one.step)
        case "extended":
            words = f"Extended by {one.facts.get('steps', 0):,} steps, to {one.facts.get('total', 0):,}"
        case "resumed":
            words = f"Goes on from step {one.step:,}"
        case "checkpoint":
            words = f"Saved at step {one.step:,}{_honours(one.facts)}"
        case "settings":
            words = f"From step {one.step:,}: {_values(one.facts.get('values') or {}, labels or {})}"
        case _:
            words = ""
    return ". ".join(part.rstrip(".") for part in (words, said) if part)


def _honours(facts: Mapping[str, Any]) -> str:
    honours = [
        word for word, earned in (("pinned", facts.get("kind") == "pinned"), ("best", facts.get("best"))) if earned
    ]
    return f" ({', '.join(honours)})" if honours else ""


def _values(values: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    names = {name: labels.get(name, name.replace("_", " ")) for name in values}
    return ", ".join(f"{names[name]} {_value(value)}" for name, value in values.items())


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "changed"
    return f"{value:g}" if isinstance(value, int | float) else str(value)
