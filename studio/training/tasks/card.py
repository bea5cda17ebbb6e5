"""What the cards of trained networks have in common."""

from collections.abc import Sequence

__all__ = ["facts_table"]


def facts_table(facts: Sequence[tuple[str, str]]) -> str:
    """Return facts, each a name and a value, as a markdown table without a head."""
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in facts)])
