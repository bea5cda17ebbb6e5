"""Multiscale optimisation: a painting worked on from coarse to fine, from its start or a frame, till it stops."""

import time
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.painting_init import fitted, grained, grow, resize, size_of
from models.pixels import to_picture
from models.steered_lbfgs import Outcome
from models.style_optimisation import StyleOptimisation
from models.style_transfer import LossWeights
from studio.core.events import Event, Job, Log, Metrics, Preview, Progress
from studio.core.failures import StudioError, is_out_of_memory
from studio.core.recipes import Recipe, SteeringStep
from studio.core.style_settings import StyleSettings
from studio.jobs.style.inputs import StyleInputs, loss_weights
from studio.jobs.style.scales import Stage, stages, stages_from
from studio.jobs.style.steering import Steering

SLOW_PASS = 0.1
"""When an evaluation takes longer than this many seconds, the job yields between its two passes."""
FRAME_INTERVAL = 1.0 / 15.0
DRAFT_INTERVAL = 1.0 / 30.0
"""While a slider moves, frames come more often: the hand feels the difference."""
ROOM = 0.25
"""A change of mind near the end still gets this share of the size's steps."""
JUMP = 5.0
"""A change that multiplies the loss by more than this may be better served by starting over."""
ENOUGH = 0.05
"""The last size is done when its last quarter of the steps planned lowered the loss by less than this share …"""
ENOUGH_BELOW = 0.15
"""… and a smaller size sooner: the next one has to find its own detail anyway."""
SHORTEST_LOOK_BACK = 8
"""Evaluations; over fewer, progress comes in fits and starts."""
ROUNDS = 6
"""Evaluations that a restart gets to prove itself."""

Outcomes: TypeAlias = Generator[Event, None, Outcome]
Optimisations: TypeAlias = Generator[Event, None, StyleOptimisation]


class Preempted(Exception):  # noqa: N818 - not an error: the artist was faster than the network
    """The evaluation being made is no longer wanted."""


class Proxy:
    """A small painting that answers at once, and what it means for the large one.

    Only the difference the sketch makes is shown, laid over the large painting: its sharpness stays, and nothing jumps.

    Args:
        inputs: make the loss at the sketch's size.
        painting: the large painting, which stays as it is meanwhile.
        side: longer side of the sketch.
        weights: the newest weights.

    """

    def __init__(self, inputs: StyleInputs, painting: Tensor, side: int, weights: LossWeights) -> None:
        self.side = side
        self._painting = painting
        height, width = fitted(*size_of(painting), side)
        self._start = resize(painting, height, width)
        self.optimisation = StyleOptimisation(inputs.objective(height, width), self._start, weights)
        self._unchanged = self.optimisation.painting

    @property
    def has_changed(self) -> bool:
        """True once the sketch differs from its start."""
        return self.optimisation.painting is not self._unchanged

    def over_painting(self, share: float = 1.0) -> Tensor:
        """Return the large painting with `share` of what the sketch has changed."""
        change = share * (self.optimisation.painting - self._start)
        size = self._painting.shape[2:]
        large = F.interpolate(change, tuple(size), mode="bilinear", align_corners=False)
        return (self._painting + large).clamp_(0.0, 1.0)


@dataclass(slots=True)
class Restart:
    """A restart that runs against the painting, evaluation by evaluation."""

    rival: StyleOptimisation
    rounds_left: int = ROUNDS
    rivals_turn: bool = False


class MultiscaleOptimisation:
    """Works on one painting, and shows only what has been evaluated and accepted (drafts: at the sketch's size).

    Args:
        inputs: pictures and network.
        settings: those to start with.
        steering: the hand on the sliders.
        recipe: makes the recipe of what has been reached at an evaluation.
        clock: seconds, for the rate of frames.
        equilibrated: whether it converges as versions after 0.1 do (see `Arithmetic`).

    Attributes:
        painting: what has been reached; None before the first stage.
        settings: the newest settings.
        stopped: True when the artist wanted what was reached.

    """

    def __init__(
        self,
        inputs: StyleInputs,
        settings: StyleSettings,
        steering: Steering,
        recipe: Callable[[StyleSettings, int], Recipe],
        clock: Callable[[], float] = time.monotonic,
        *,
        equilibrated: bool = True,
    ) -> None:
        self.painting: Tensor | None = None
        self.settings = settings
        self.stopped = False
        self._inputs = inputs
        self._steering = steering
        self._recipe = recipe
        self._clock = clock
        self._equilibrated = equilibrated
        self._losses: list[float] = []
        self._weights = loss_weights(settings)
        self._evaluations = 0
        self._shown_at = 0  # the blank canvas is not worth a frame
        self._next_frame = 0.0
        self._stage = Stage(1, 1, 0)
        self._largest = 1
        self._done = self._total = 0
        self._work_done = self._work_left = 0.0
        self._race: Restart | None = None

    def paint(self, branch: Tensor | None = None) -> Job[None]:
        """Go through the sizes; `branch` is an earlier frame to go on from."""
        plan = stages(*size_of(self._inputs.photo), self.settings.size, self.settings.steps)
        if branch is not None:
            plan = stages_from(plan, *size_of(branch))
            self._shown_at = -1
        while plan and not self.stopped:
            stage, *rest = plan
            self._largest = plan[-1].side
            self._work_left = sum(each.work for each in plan)
            if (yield from self._fits(stage, branch)):
                plan = tuple(rest)
                self._work_done += stage.work
                continue
            self._inputs.forget()
            smaller = stage.smaller(None if self.painting is None else max(self.painting.shape[2:]))
            yield Log(f"Not enough memory for {stage.name}; going on at {smaller.name}.", level="warning")
            self._steering.write(SteeringStep(at=self._evaluations, action="step_down"))
            plan = (smaller,)
        yield from self._show(last=True)

    def _fits(self, stage: Stage, branch: Tensor | None) -> Generator[Event, None, bool]:
        """Paint at one size; False when memory ran out and a smaller size is left to try."""
        try:
            yield from self._paint_stage(stage, branch)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error) or not stage.can_be_smaller:
                raise
            return False
        return True

    def _paint_stage(self, stage: Stage, branch: Tensor | None) -> Job[None]:
        self._stage, self._done, self._total = stage, 0, stage.steps
        yield self._progress()
        size = (stage.height, stage.width)
        objective = self._inputs.objective(*size)
        starts: tuple[Tensor, ...]
        if self.painting is not None:
            starts = (self._inputs.primed(self._grown(self.painting, objective.content)),)
        elif branch is not None:
            starts = (self._gone_on_from(branch, objective.content),)
        else:
            starts = self._inputs.blanks(*size, self._weights) if self._equilibrated else (self._inputs.blank(*size),)
        self.painting = starts[0] if self.painting is None else self.painting
        for _ in self._inputs.captures(objective, self._weights):
            yield self._progress()
        start = starts[0]
        if len(starts) > 1:
            start = min(starts, key=lambda canvas: objective.look(canvas, self._weights).loss)
            yield self._progress()
        yield from self._refine(StyleOptimisation(objective, start, self._weights, equilibrates=self._equilibrated))
        self._inputs.forget()

    def _gone_on_from(self, branch: Tensor, photo: Tensor) -> Tensor:
        """Bring an earlier frame to the size of `photo`, which is the stage's."""
        size, branch = size_of(photo), branch.to(photo.device)
        if max(size) > max(size_of(branch)) and self._steering.grows():
            return self._grown(branch, photo)
        return resize(branch, *size)

    def _grown(self, painting: Tensor, photo: Tensor) -> Tensor:
        """Take a painting to the size of `photo`, which is the stage's."""
        ground = photo if self._inputs.starts_from_photo else None
        paints_detail = self._equilibrated and self._inputs.is_clean
        grown = grow(painting, ground, *size_of(photo), paints_detail=paints_detail)
        return grained(grown, painting, ground) if paints_detail else grown

    def _refine(self, optimisation: StyleOptimisation) -> Job[None]:
        """Spend the stage's steps."""
        self._race = None
        self._losses = []
        while self._done < self._total and not optimisation.stuck and not self._rests():
            if self._stops():
                return
            if self._steering.steps_down(self._evaluations):
                raise MemoryError
            if self._moved():
                side = self._steering.sketch_side(self._evaluations, self._stage.side)
                if side:
                    optimisation = yield from self._sketch(optimisation, side)
                    continue
                self._steer(optimisation)
            try:
                optimisation = yield from self._advance(optimisation)
            except Preempted:
                continue
            yield self._progress()
        self._total = self._done
        yield self._progress()
        yield from self._show(last=True)

    def _rests(self) -> bool:
        """True when more steps at this size hardly lower the loss any more."""
        look_back = max(SHORTEST_LOOK_BACK, self._stage.steps // 4)
        if not self._equilibrated or self._race is not None or len(self._losses) <= look_back:
            return False
        enough = ENOUGH if self._stage.side >= self._largest else ENOUGH_BELOW
        return self._losses[-1] > (1.0 - enough) * self._losses[-1 - look_back]

    def _advance(self, optimisation: StyleOptimisation) -> Optimisations:
        """Make one evaluation: the painting's, or in a race by turns its rival's."""
        if self._race is not None and self._race.rivals_turn:
            yield from self._evaluate(self._race.rival, self._stage.side, self._interrupt)
            return (yield from self._judge(optimisation, self._race))
        outcome = yield from self._evaluate(optimisation, self._stage.side, self._interrupt)
        self._done += 1
        if self._race is not None:
            self._race.rivals_turn = True
        yield from self._take(optimisation, outcome)
        return optimisation

    # -- one evaluation --------------------------------------------------------------------------------------------

    def _stops(self) -> bool:
        self.stopped = self._steering.stops(self._evaluations)
        return self.stopped

    def _moved(self) -> bool:
        """Take over moved sliders; True when they change the loss. What changes late gets room to show."""
        settings = self._steering.settings(self._evaluations)
        if settings is None:
            return False
        self.settings = settings
        self._weights = loss_weights(settings)
        self._total = max(self._total, self._done + max(2, round(ROOM * self._stage.steps)))
        self._losses = []
        self._next_frame = 0.0
        return True

    def _interrupt(self) -> None:
        """Give up a slow evaluation when a slider was moved that a sketch can follow at once, or to stop."""
        if self._steering.interrupts(self._stage.side):
            raise Preempted

    def _evaluate(self, optimisation: StyleOptimisation, side: int, interrupt: Callable[[], None] | None) -> Outcomes:
        """Evaluate the loss once, in two halves."""
        began = self._clock()
        optimisation.forward(interrupt)
        forward = self._clock() - began
        if forward > 0.5 * SLOW_PASS:
            yield self._progress()
            if interrupt is not None:
                interrupt()
        began = self._clock()
        outcome = optimisation.backward()
        self._steering.observe(side, forward + self._clock() - began)
        self._evaluations += 1
        return outcome

    def _take(self, optimisation: StyleOptimisation, outcome: Outcome) -> Job[None]:
        """Make an accepted picture the painting, and show it."""
        evaluation = optimisation.evaluation
        if evaluation is None:
            raise StudioError(
                f"The numbers of the network “{self.settings.backbone}” overflow on this picture.",
                "Choose another network; this one's weights seem to be broken.",
            )
        if outcome is Outcome.ACCEPTED:
            self.painting = optimisation.painting
            self._losses.append(evaluation.loss)
            values = {name: getattr(evaluation, name) for name in ("loss", "content", "style", "total_variation")}
            yield Metrics(self._evaluations, values)
            yield from self._show()
        elif outcome is Outcome.EXPLODED:
            words = "The painting went astray: it is back at its last good picture, and goes on in smaller steps."
            yield Log(words, level="warning")

    def _show(self, *, last: bool = False) -> Job[None]:
        """Show the painting, unless the last frame was a moment ago; the last one always."""
        now = self._clock()
        due = last or (now >= self._next_frame and self._evaluations > 1)
        if due and self._shown_at != self._evaluations and self.painting is not None:
            self._shown_at = self._evaluations
            self._next_frame = now + FRAME_INTERVAL
            recipe = self._recipe(self.settings, self._evaluations)
            yield Preview(to_picture(self.painting), self._evaluations, self._stage.name, recipe=recipe)

    def _progress(self) -> Progress:
        done = self._work_done + self._stage.work * self._done / max(1, self._total)
        share = done / (self._work_done + self._work_left) if self._work_left else 0.0
        return Progress(f"Painting · {self._stage.name}", self._done, self._total, share)

    # -- when the loss has changed ---------------------------------------------------------------------------------

    def _steer(self, optimisation: StyleOptimisation) -> None:
        """Hand the moved weights to the optimiser; if the loss jumps, starting over may be better."""
        self._race = None
        if optimisation.steer(self._weights) > JUMP:
            self._race = Restart(optimisation.fork(self._inputs.second_start(self._stage.height, self._stage.width)))

    def _judge(self, optimisation: StyleOptimisation, race: Restart) -> Optimisations:
        """After a few rounds go on with whichever loss is lower."""
        race.rivals_turn = False
        race.rounds_left -= 1
        if race.rounds_left > 0:
            return optimisation
        self._race = None
        if race.rival.loss >= optimisation.loss:
            return optimisation
        yield from self._take(race.rival, Outcome.ACCEPTED)
        return race.rival

    def _sketch(self, optimisation: StyleOptimisation, side: int) -> Optimisations:
        """Follow the slider at a small size; once it rests, carry the change over to the painting."""
        assert self.painting is not None
        sketch = Proxy(self._inputs, optimisation.painting, side, self._weights)
        began = self._evaluations
        while True:
            yield from self._follow(sketch)
            changes = {"side": side, "evaluations": self._evaluations - began}
            sketched = SteeringStep(at=began, action="sketch", changes=changes)
            if self._stops():
                self._steering.write(sketched)
                self.painting = sketch.over_painting()
                return optimisation
            with suppress(Preempted):
                return (yield from self._carry(optimisation, sketch, sketched))

    def _follow(self, sketch: Proxy) -> Job[None]:
        """Evaluate the sketch as long as the slider moves; its frames are drafts."""
        while not self._stops() and self._steering.keeps_sketching(self._evaluations):
            if self._moved():
                sketch.optimisation.steer(self._weights)
            outcome = yield from self._evaluate(sketch.optimisation, sketch.side, None)
            now = self._clock()
            if outcome is Outcome.ACCEPTED and sketch.has_changed and now >= self._next_frame:
                self._next_frame = now + DRAFT_INTERVAL
                frame = to_picture(sketch.over_painting())
                yield Preview(frame, self._evaluations, self._stage.name, draft=True)
            else:
                yield self._progress()

    def _carry(self, optimisation: StyleOptimisation, sketch: Proxy, sketched: SteeringStep) -> Optimisations:
        """Go on from the painting with the sketched change, if that lowers the loss; otherwise from the painting."""
        self._steer(optimisation)
        loss = optimisation.look(self._interrupt)
        yield self._progress()
        carried = optimisation.fork(sketch.over_painting())
        outcome = yield from self._evaluate(carried, self._stage.side, self._interrupt)
        self._done += 1
        self._steering.write(sketched)  # before the frame that shows it: whoever goes on from there needs it
        if outcome is not Outcome.ACCEPTED or carried.loss >= loss:
            return optimisation
        yield from self._take(carried, outcome)
        return carried
