"""A run that goes on for longer than was planned: what it has learnt stays, step by step, and more follows."""

from studio.training.run_folder import RunPlan
from studio.training.schedule import Phase, Ramp, Timeline

__all__ = ["extended"]

_AGAIN = 0.5
"""How fast it learns again, as a share of its fastest: enough to leave where it had settled, no second beginning."""
_WARM_UP = 0.1
"""This share of the new steps goes up to there; the rest comes down as the run did."""


def extended(plan: RunPlan, timeline: Timeline, reached: int, steps: int) -> RunPlan:
    """Return the plan of the run with `steps` more than it has taken; what lies before stays, so resuming is exact.

    A run that was cut short goes on along its own schedule. Behind that schedule's end it warms up once more and cools
    down again (Loshchilov & Hutter 2017, warm restarts), to where it had ended; one whose rate never sank just goes on.

    Args:
        plan: of the run.
        timeline: its schedule, laid over its data.
        reached: steps that are done.
        steps: how many more, ≥ 1.

    """
    end, planned = reached + steps, timeline.total_steps
    schedule = plan.schedule
    if end > planned:
        schedule = schedule.model_copy(update={"phases": (*schedule.phases, *_more(schedule.phases, end - planned))})
    limit = end if end < planned else 0
    return plan.model_copy(
        update={
            "schedule": schedule, "settings": {**plan.settings, "steps": limit}, "extended": (*plan.extended, reached),
        }
    )  # fmt: skip


def _more(phases: tuple[Phase, ...], steps: int) -> tuple[Phase, ...]:
    last = phases[-1]
    rates = [rate for phase in phases
             if (phase.optimiser, phase.trains) == (last.optimiser, last.trains)
             for rate in (phase.learning_rate.start, phase.learning_rate.end)]  # fmt: skip
    end, again = last.learning_rate.end, _AGAIN * max(rates)
    rest = last.model_copy(update={"unit": "steps", "momentum": Ramp.level(last.momentum.end)})
    up = round(_WARM_UP * steps)
    if end >= again or up < 1:
        ramp = Ramp.level(end) if end >= again else Ramp(start=again, end=end, decay="cosine")
        return (rest.model_copy(update={"name": "More", "duration": float(steps), "learning_rate": ramp}),)
    warm, cool = Ramp(start=end, end=again, decay="cosine"), Ramp(start=again, end=end, decay="cosine")
    return (
        rest.model_copy(update={"name": "Warm again", "duration": float(up), "learning_rate": warm}),
        rest.model_copy(update={"name": "More", "duration": float(steps - up), "learning_rate": cool}),
    )
