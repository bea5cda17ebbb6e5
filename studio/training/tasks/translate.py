"""The translating task: two generators and two critics, one of each, or one that learns from pairs.

What is held to what, and why, stand in `models.cyclegan`, `models.patch_nce` and `models.pix2pix`.
"""

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from models.backbones import Backbone
from models.critic import AidedCritic, SlimPatchCritic
from models.cyclegan import PatchCritic, SeparableGenerator, Translator, distance, initialise
from models.patch_nce import PatchHeads, patch_nce
from models.pix2pix import conditioned
from models.pixels import to_picture
from models.style_code import KL_WEIGHT, StyleEncoder, code_of, divergence, drawn, latent_loss
from models.translation import TranslatorFacts, build, to_file
from studio.core.events import Job, Log, Picture, Progress
from studio.core.failures import shortened
from studio.core.settings import Settings
from studio.training.data.sampler import seed_of
from studio.training.run_folder import RunPlan
from studio.training.sample_sheet import sample_sheet
from studio.training.slim import open_slim
from studio.training.task import Batch, ExportedModel, Objective, Objectives, OptimiserRule, TaskContext, TrainingTask
from studio.training.tasks.translate_card import translate_card
from studio.training.tasks.translate_judge import Judge
from studio.training.tasks.translate_look import Look
from studio.training.tasks.translate_measures import Likeness, Watch, changes
from studio.training.tasks.translate_settings import CYCLEGAN, TranslatorSettings, world_names
from studio.training.tasks.translate_sheet import Ranking, beside, changed_map, coverage, untouched
from studio.training.tasks.translate_worlds import Pairs, Squares, TwoWorlds, opening_worlds

if TYPE_CHECKING:
    from studio.training.schedule import StepConfig

__all__ = ["TranslateTask", "open_task"]

_SHOWN, _ANSWERS = 4, 3
_NAMED = 16
"""Letters of a world's name that a sample has room for."""
_FEWEST_PARTS = 2
_STRANGE = 100.0
"""KID of real pictures against real ones from which on it says little: of enough pictures it is below about 2."""
_SLOWING = 0.95
"""A rate below this share of the highest so far is falling."""
_AHEAD = 2.0
"""Critics that are aided learn so many times as fast: heads on what is seen already have little to learn."""
_HEADS = "heads"
"""What CUT's heads are called beside its generator, with which they learn."""
_ENCODER = "code"
"""Likewise what tells the code of a picture."""


class TranslateTask(TrainingTask):
    """One pair of worlds in training.

    Args:
        networks: "generators", by way, with CUT's heads; and "critic_a", "critic_b".
        facts: what the generators are.
        examples: what they learn from.
        kept: what they are measured on; may be empty.
        looks: what they show.
        settings: of the run.
        likeness: compares with real pictures; None nothing does.
        look: holds surfaces to those of real pictures; None nothing does.

    """

    shown = "generators"

    def __init__(
        self, networks: Mapping[str, nn.Module], facts: TranslatorFacts, examples: TwoWorlds | Pairs, kept: Squares,
        looks: Squares, settings: TranslatorSettings, likeness: Likeness | None = None, look: Look | None = None,
    ) -> None:  # fmt: skip
        self.networks = networks
        self.examples = self._worlds = examples
        self._facts, self._kept, self._looks, self._likeness = facts, kept, looks, likeness
        self._named = {"a": shortened(facts.a, _NAMED), "b": shortened(facts.b, _NAMED)}
        self._judges = {
            name.removeprefix("critic_"): Judge(name, network, settings)
            for name, network in networks.items() if name != self.shown
        }  # fmt: skip
        self._settings, self._watch, self._look = settings, Watch(), look
        self._device = next(networks[self.shown].parameters()).device
        self._steps, self._measured = 0, dict[str, float]()
        self._rate, self._highest_rate = 0.0, 0.0
        self._rankings: dict[str, Ranking] = {}
        measure = "l1" if settings.course == "pix2pix" else "kid" if likeness is not None else ""
        self.best = (measure, "min") if measure and kept["a"] else None
        self.best_note = "The best so far" if self.best is not None else ""

    # -- learning ----------------------------------------------------------------------------------------------------

    def objectives(self, batch: Batch, config: "StepConfig") -> Objectives:
        """Translate a batch, and let critics judge it; then they learn."""
        self._steps = config.step + 1
        self._rate, self._highest_rate = config.learning_rate, max(self._highest_rate, config.learning_rate)
        real = dict(zip("ab", batch, strict=True))
        match self._settings.course:
            case "pix2pix":
                yield from self._by_pairs(real, config)
            case "cut" | "fastcut":
                yield from self._one_way(real, config)
            case _:
                yield from self._both_ways(real, config)

    def _both_ways(self, real: Mapping[str, Tensor], config: "StepConfig") -> Objectives:
        """CycleGAN: one summand of the generators' loss for each way, then one critic after the other."""
        generators, settings, painted = self.networks[self.shown], self._settings, dict[str, Tensor]()
        look = self._look if settings.look_weight else None
        if look is not None:
            for world in "ab":
                look.remember(world, real[world])
        keeps = settings.identity_weight if config.step < settings.identity_until * config.total_steps else 0.0
        for one, other in ("ab", "ba"):
            there, back = _way(generators, one + other), _way(generators, other + one)
            if keeps:  # in one batch with the real picture, which under instance norm is the same
                made, own = there(torch.cat([real[one], real[other]])).chunk(2)
            else:
                made, own = there(real[one]), real[other]
            yield None
            terms = {
                f"adversarial_{other}": self._judges[other].fooled(made),
                f"cycle_{one}": settings.cycle_weight * distance(back(made), real[one]),
            }
            if look is not None:
                terms[f"look_{other}"] = settings.look_weight * look.distance(made, real[one], other)
            if keeps:
                terms[f"identity_{other}"] = settings.cycle_weight * keeps * distance(own, real[other])
            painted[other] = made.detach()
            del made, own
            yield _objective(self.shown, terms, step=one == "b")
        for world in "ab":
            yield from self._judges[world].learning(real[world], painted[world], config.step)

    def _one_way(self, real: Mapping[str, Tensor], config: "StepConfig") -> Objectives:
        """CUT: places of what is painted are found again in what was given."""
        generators, settings = self.networks[self.shown], self._settings
        there, heads = _way(generators, "ab"), generators.get_submodule(_HEADS)
        assert isinstance(heads, PatchHeads)
        mirrored = settings.mirrored_twice and bool(torch.rand(()) < 0.5)
        given = real["a"].flip(3) if mirrored else real["a"]
        code = torch.randn(len(given), settings.code, device=given.device) if settings.code else None
        if settings.nce_identity:
            made, own = there(torch.cat([given, real["b"]]), None if code is None else torch.cat([code, code])).chunk(2)
        else:
            made, own = there(given, code), real["b"]
        yield None
        terms = {"adversarial_b": self._judges["b"].fooled(made)}
        if code is not None:
            told = latent_loss(generators.get_submodule(_ENCODER), made, code, teaches=True)
            terms["latent"] = settings.answer_weight * told
        wanted = [(made, real["a"], settings.nce_weight, "nce_a", mirrored)]
        wanted += [(own, real["b"], settings.nce_identity, "nce_b", False)] if settings.nce_identity else []
        for picture, source, weight, name, back in wanted:
            with torch.no_grad():
                pictured = there.features(source)
            painted = [seen.flip(3) if back else seen for seen in there.features(picture)]
            terms[name] = weight * patch_nce(heads, painted, pictured)
            yield None
        made = made.detach()
        yield _objective(self.shown, terms)
        yield from self._judges["b"].learning(real["b"], made, config.step)

    def _by_pairs(self, real: Mapping[str, Tensor], config: "StepConfig") -> Objectives:
        """pix2pix: the truth is there to compare with, and the critic sees what it belongs to."""
        given, wanted = real["a"], real["b"]
        there, judge = _way(self.networks[self.shown], "ab"), self._judges["b"]
        if self._settings.code:
            terms, made = yield from self._by_codes(given, wanted)
        else:
            made = there(given)
            yield None
            terms = {
                "adversarial_b": judge.fooled(conditioned(given, made)),
                "l1": self._settings.l1_weight * distance(made, wanted),
            }
        made = made.detach()
        yield _objective(self.shown, terms)
        yield from judge.learning(conditioned(given, wanted), conditioned(given, made), config.step)

    def _by_codes(
        self, given: Tensor, wanted: Tensor
    ) -> Generator[None, Any, tuple[dict[str, Tensor], Tensor]]:  # fmt: skip
        """Paint by the code of the truth, which is compared with it, and by another one; see `models.style_code`."""
        generators, settings, judge = self.networks[self.shown], self._settings, self._judges["b"]
        there, encoder = _way(generators, "ab"), generators.get_submodule(_ENCODER)
        mean, log_variance = encoder(wanted)
        alike = there(given, drawn(mean, log_variance))
        yield None
        code = torch.randn_like(mean)
        other = there(given, code)
        yield None
        terms = {
            "adversarial_b": judge.fooled(conditioned(given, other)) + judge.fooled(conditioned(given, alike)),
            "l1": settings.l1_weight * distance(alike, wanted),
            "kl": KL_WEIGHT * divergence(mean, log_variance),
            "latent": settings.answer_weight * latent_loss(encoder, other, code, teaches=False),
        }
        return terms, other

    def optimiser(self, network: str) -> OptimiserRule:  # noqa: D102
        judges = network != self.shown
        return OptimiserRule(rate=_AHEAD if judges and self._settings.critic == "aided" else 1.0, contends=judges)

    def adopt(self, settings: Settings) -> None:  # noqa: D102
        assert isinstance(settings, TranslatorSettings)
        self._settings = settings
        for judge in self._judges.values():
            judge.settings = settings

    def state_dict(self) -> dict[str, Any]:  # noqa: D102
        judges = {world: judge.state_dict() for world, judge in self._judges.items()}
        return {"steps": self._steps, "measured": dict(self._measured), "watch": dict(self._watch.times),
                "best": self._watch.best, "highest_rate": self._highest_rate, "judges": judges,
                "look": {} if self._look is None else self._look.state_dict()}  # fmt: skip

    def load_state_dict(self, state: Mapping[str, Any]) -> None:  # noqa: D102
        self._steps, self._measured = int(state["steps"]), dict(state["measured"])
        self._watch.times, self._watch.best = dict(state["watch"]), state.get("best")
        self._highest_rate = float(state.get("highest_rate", 0.0))
        for world, judge in self._judges.items():
            judge.load_state_dict(state["judges"][world])
        if self._look is not None:
            self._look.load_state_dict(state.get("look", {}))

    # -- being measured ----------------------------------------------------------------------------------------------

    def validate(self, shown: nn.Module) -> Generator[None, None, dict[str, float]]:
        """Measure on pictures that are kept, for each way to a world B.

        How far what is made is from real pictures ("kid_b"), beside how far real ones are ("kid_real_b", and by how
        much that differs by chance, "kid_spread_b"); what has changed ("changed_b", "variety_b", "light_b": see
        `changes`), and in how large a share of all places nothing has ("untouched_b"); by how many levels of 255 it is
        off when it comes back ("cycle_a"), or off the truth ("l1"); how often a critic was right of late ("critic_b").
        """
        values: dict[str, float] = {}
        for way in self._facts.ways if self._kept["a"] and self._kept["b"] else ():
            one, other = tuple(way)
            made, reached = yield from self._translated(shown, way)
            wanted = self._kept[other if self._settings.course == "pix2pix" else one][: len(made)]
            errors = [255 * float((x - y).abs().mean()) for x, y in zip(reached, wanted, strict=True)]
            if self._settings.course == "pix2pix":
                values["l1"] = sum(errors) / len(errors)
            elif self._settings.is_two_way:
                values[f"cycle_{one}"] = sum(errors) / len(errors)
            given = self._kept[one][: len(made)]
            values |= {f"{name}_{other}": value for name, value in changes(given, made).items()}
            values[f"untouched_{other}"] = untouched(given, made)
            values[f"critic_{other}"] = self._judges[other].accuracy
            named = f"{self._named[one]} to {self._named[other]}"
            rows = {self._named[one]: given, named: made}
            self._rankings[way] = Ranking(named, errors, rows, coverage(given, made))
            if self._likeness is not None:
                values[f"kid_{other}"] = yield from self._likeness.of(made, other)
                values[f"kid_real_{other}"] = self._likeness.worlds[other].of_real
                values[f"kid_spread_{other}"] = self._likeness.spreads[other]
        if self._likeness is not None and values:
            values["kid"] = sum(values[f"kid_{way[1]}"] for way in self._facts.ways) / len(self._facts.ways)
        self._measured = values
        return values

    def _translated(self, shown: nn.Module, way: str) -> Generator[None, None, tuple[list[Tensor], list[Tensor]]]:
        """Return what becomes of the pictures that are kept, and of that on the way back, where there is one."""
        made, reached = list[Tensor](), list[Tensor]()
        for picture in self._kept[way[0]]:
            painted = _way(shown, way)(picture.to(self._device))
            yield
            made.append(painted.cpu())
            reached.append(_way(shown, way[::-1])(painted).cpu() if self._settings.is_two_way else made[-1])
            yield
        return made, reached

    def alarm(self, values: Mapping[str, float]) -> str:
        """End what has collapsed, does nothing, has turned light into dark, or has nobody left to learn from."""
        if self._settings.course == "pix2pix":  # what is light there, the truth says
            values = {name: value for name, value in values.items() if not name.startswith("light")}
        return self._watch.alarm(values)

    def setback(self, values: Mapping[str, float]) -> str:
        """Go back from where it diverges when the rate begins to fall."""
        if self.best is None or self.best[0] not in values:
            return ""
        spread = max((value for name, value in values.items() if name.startswith("kid_spread")), default=0.0)
        slowing = self._rate < _SLOWING * self._highest_rate
        return self._watch.setback(
            values[self.best[0]], spread=spread if self.best[0] == "kid" else 0.0, slowing=slowing
        )

    def sample(self, shown: nn.Module) -> Generator[None, None, Picture | None]:
        """Show a few pictures of each world as they become, and what the last check found best and worst."""
        rows: dict[str, list[list[Tensor]]] = {}
        for way in self._facts.ways:
            one, other = tuple(way)
            parts: dict[str, list[Tensor]] = {}
            for number, picture in enumerate(self._looks[one]):
                painted = _way(shown, way)(picture.to(self._device))
                row = {"As it is": picture, "Translated": painted}
                row["Changed"] = changed_map(picture.to(self._device), painted)
                if self._settings.is_two_way:
                    row["and back"] = _way(shown, other + one)(painted)
                for seed in range(1, _ANSWERS + 1) if self._settings.code else ():
                    code = code_of(seed, self._settings.code).to(self._device)
                    row[f"Answer {seed}"] = _way(shown, way)(picture.to(self._device), code)
                    yield
                if self._settings.course == "pix2pix":
                    row["Wanted"] = self._looks[other][number]
                for name, shows in row.items():
                    parts.setdefault(name, []).append(shows.float().cpu())
                yield
            for name, part in parts.items():
                rows.setdefault(name, []).append(part)
        sheet = {name: beside(*parts) for name, parts in rows.items()}
        for ranking in self._rankings.values():
            sheet |= ranking.rows()
        return sample_sheet({name: to_picture(row) for name, row in sheet.items()})

    # -- being kept --------------------------------------------------------------------------------------------------

    def export(self, shown: nn.Module) -> ExportedModel:
        """Return the generators in half precision, and how well they do."""
        facts = TranslatorFacts(
            self._facts.network, self._facts.shape, self._facts.ways, self._facts.a, self._facts.b,
            self._settings.size, self._steps, about={"settings": self._settings.to_metadata()},
        )  # fmt: skip
        card = translate_card(facts, self._settings, pictures=self._worlds.counts, measured=self._measured)
        generators = {way: _way(shown, way) for way in facts.ways}
        return ExportedModel(to_file(generators), facts.to_metadata(), card)


def open_task(plan: RunPlan, place: TaskContext) -> Job[TranslateTask]:
    """Read both worlds, and draw the first weights.

    Raises:
        StudioError: something cannot be read.

    """
    settings = TranslatorSettings.model_validate(dict(plan.settings))
    examples, kept, taught = yield from opening_worlds(CYCLEGAN.data, plan.data, settings, place)
    facts = TranslatorFacts(settings.network, settings.shape, settings.ways, *world_names(plan.data), settings.size)
    slim = open_slim().to(place.device)  # nothing of it learns: all that see through it share it
    networks = _untrained(facts, settings, place, slim)
    is_checked = bool(kept["a"] and kept["b"])
    likeness = None
    if settings.kid_crops >= _FEWEST_PARTS and is_checked:
        yield Progress("Looking at the real pictures")
        likeness = Likeness(slim, settings.kid_crops, settings.size)
        worlds = "".join(way[1] for way in facts.ways)
        for _ in likeness.learning(kept, taught, worlds):
            yield Progress("Looking at the real pictures")
        names = dict(zip("ab", world_names(plan.data), strict=True))
        for world, one in likeness.worlds.items():
            name = names[world]
            if one.of_real < _STRANGE:
                yield Log(f"Real pictures of “{name}” against real ones: KID {one.of_real:.3f} ± {one.spread:.3f}.")
            else:
                # a few that are alike: even real pictures are as far from them as made ones
                yield Log(
                    f"Of “{name}” {len(kept[world])} pictures are kept for checking, too few, or too much alike, to "
                    "say how near it comes: take KID for no more than a hint, keep more of them, or add pictures."
                )
    looks = {world: (kept[world] if is_checked else taught[world])[:_SHOWN] for world in "ab"}
    look = Look(slim) if settings.is_two_way else None
    return TranslateTask(networks, facts, examples, kept, looks, settings, likeness, look)


def _untrained(
    facts: TranslatorFacts, settings: TranslatorSettings, place: TaskContext, slim: Backbone
) -> dict[str, nn.Module]:
    generators = nn.ModuleDict({way: build(facts) for way in facts.ways})
    if settings.course in ("cut", "fastcut"):
        seen = _way(generators, "ab").features(torch.zeros(1, 3, settings.size, settings.size))
        generators[_HEADS] = PatchHeads([one.shape[1] for one in seen])
    if settings.code:
        generators[_ENCODER] = StyleEncoder(settings.code)
    judged = sorted(way[1] for way in facts.ways)
    networks: dict[str, nn.Module] = {"generators": generators} | {
        f"critic_{world}": _critic(settings, f"critic_{world}", place, slim) for world in judged
    }
    for name, network in networks.items():
        learns = network.places if isinstance(network, AidedCritic) else network  # what looks has drawn its own
        initialise(learns, torch.Generator().manual_seed(seed_of("weights", name, place.seed) % 2**63))
        for part in network.modules():
            if isinstance(part, SeparableGenerator) and settings.course != "pix2pix":  # a drawing is no photo at all
                part.begin_as_identity()
        network.to(place.device)  # on a processor channels last would take a sixth longer
    return networks


def _critic(settings: TranslatorSettings, name: str, place: TaskContext, slim: Backbone) -> nn.Module:
    places = PatchCritic(settings.critic_width, settings.critic_depth, 6 if settings.course == "pix2pix" else 3)
    if settings.critic == "places":
        return places
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of("heads", name, place.seed) % 2**63)
        return AidedCritic(places, SlimPatchCritic(slim, width=settings.critic_width))


def _way(generators: nn.Module, way: str) -> Translator:
    """Return the generator of a way, such as "ab"."""
    generator = generators.get_submodule(way)
    assert isinstance(generator, Translator)
    return generator


def _objective(network: str, terms: Mapping[str, Tensor], *, step: bool = True) -> Objective:
    loss = torch.stack([term.float() for term in terms.values()]).sum()
    return Objective(network, loss, {name: term.detach() for name, term in terms.items()}, step=step)
