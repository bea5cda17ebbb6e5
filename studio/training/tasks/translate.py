"""The translating task: two generators and two critics, one of each, or one that learns from pairs.

What is held to what, and why, stand in `models.cyclegan`, `models.patch_nce` and `models.pix2pix`.
"""

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from models.backbones import Backbone, load_backbone
from models.cyclegan import PatchCritic, Translator, distance, initialise
from models.patch_nce import PatchHeads, patch_nce
from models.pix2pix import conditioned
from models.pixels import to_picture
from models.translation import TranslatorFacts, build, to_file
from models.unet_encoders import SLIM
from studio.core.events import Job, Log, Picture, Progress
from studio.core.settings import Settings
from studio.core.weights import resolve_backbone
from studio.training.data.sampler import seed_of
from studio.training.run_folder import RunPlan
from studio.training.sample_sheet import sample_sheet
from studio.training.task import Batch, ExportedModel, Objective, Objectives, TaskContext, TrainingTask
from studio.training.tasks.translate_card import translate_card
from studio.training.tasks.translate_judge import Judge
from studio.training.tasks.translate_measures import Likeness, Watch, changes
from studio.training.tasks.translate_settings import CYCLEGAN, TranslatorSettings, world_names
from studio.training.tasks.translate_worlds import Pairs, Squares, TwoWorlds, opening_worlds

if TYPE_CHECKING:
    from studio.training.schedule import StepConfig

__all__ = ["TranslateTask", "open_task"]

_SHOWN = 4
_FEWEST_PARTS = 2
_HEADS = "heads"
"""What CUT's heads are called beside its generator, with which they learn."""


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

    """

    shown = "generators"

    def __init__(
        self, networks: Mapping[str, nn.Module], facts: TranslatorFacts, examples: TwoWorlds | Pairs, kept: Squares,
        looks: Squares, settings: TranslatorSettings, likeness: Likeness | None = None,
    ) -> None:  # fmt: skip
        self.networks = networks
        self.examples = self._worlds = examples
        self._facts, self._kept, self._looks, self._likeness = facts, kept, looks, likeness
        self._judges = {
            name.removeprefix("critic_"): Judge(name, network, settings)
            for name, network in networks.items() if name != self.shown
        }  # fmt: skip
        self._settings, self._watch = settings, Watch()
        self._device = next(networks[self.shown].parameters()).device
        self._steps, self._measured = 0, dict[str, float]()
        measure = "l1" if settings.course == "pix2pix" else "kid" if likeness is not None else ""
        self.best = (measure, "min") if measure and kept["a"] else None

    # -- learning ----------------------------------------------------------------------------------------------------

    def objectives(self, batch: Batch, config: "StepConfig") -> Objectives:
        """Translate a batch, and let critics judge it; then they learn."""
        self._steps = config.step + 1
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
        if settings.nce_identity:
            made, own = there(torch.cat([given, real["b"]])).chunk(2)
        else:
            made, own = there(given), real["b"]
        yield None
        terms = {"adversarial_b": self._judges["b"].fooled(made)}
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
        made: Tensor = _way(self.networks[self.shown], "ab")(given)
        yield None
        terms = {
            "adversarial_b": self._judges["b"].fooled(conditioned(given, made)),
            "l1": self._settings.l1_weight * distance(made, wanted),
        }
        made = made.detach()
        yield _objective(self.shown, terms)
        yield from self._judges["b"].learning(conditioned(given, wanted), conditioned(given, made), config.step)

    def adopt(self, settings: Settings) -> None:  # noqa: D102
        assert isinstance(settings, TranslatorSettings)
        self._settings = settings
        for judge in self._judges.values():
            judge.settings = settings

    def state_dict(self) -> dict[str, Any]:  # noqa: D102
        judges = {world: judge.state_dict() for world, judge in self._judges.items()}
        return {"steps": self._steps, "measured": dict(self._measured), "watch": dict(self._watch.times),
                "judges": judges}  # fmt: skip

    def load_state_dict(self, state: Mapping[str, Any]) -> None:  # noqa: D102
        self._steps, self._measured = int(state["steps"]), dict(state["measured"])
        self._watch.times = dict(state["watch"])
        for world, judge in self._judges.items():
            judge.load_state_dict(state["judges"][world])

    # -- being measured ----------------------------------------------------------------------------------------------

    def validate(self, shown: nn.Module) -> Generator[None, None, dict[str, float]]:
        """Measure on pictures that are kept, for each way to a world B.

        How far what is made is from real pictures ("kid_b"); what has changed ("changed_b", "variety_b", "light_b": see
        `changes`); by how many levels of 255 it is off when it comes back ("cycle_a"), or off the truth ("l1").
        """
        values: dict[str, float] = {}
        for way in self._facts.ways if self._kept["a"] and self._kept["b"] else ():
            (one, other), made, errors = tuple(way), list[Tensor](), 0.0
            for number, picture in enumerate(self._kept[one]):
                painted = _way(shown, way)(picture.to(self._device))
                yield
                wanted = self._kept[other][number] if self._settings.course == "pix2pix" else picture
                reached = _way(shown, other + one)(painted) if self._settings.is_two_way else painted
                errors += float((reached.cpu() - wanted).abs().mean()) * 255 / len(self._kept[one])
                made.append(painted.cpu())
                yield
            if self._settings.course == "pix2pix":
                values["l1"] = errors
            elif self._settings.is_two_way:
                values[f"cycle_{one}"] = errors
            values |= {f"{name}_{other}": value for name, value in changes(self._kept[one], made).items()}
            if self._likeness is not None:
                values[f"kid_{other}"] = yield from self._likeness.of(made, other)
                values[f"kid_real_{other}"] = self._likeness.worlds[other].of_real
        if self._likeness is not None and values:
            values["kid"] = sum(values[f"kid_{way[1]}"] for way in self._facts.ways) / len(self._facts.ways)
        self._measured = values
        return values

    def alarm(self, values: Mapping[str, float]) -> str:
        """End what has collapsed, or does nothing."""
        return self._watch.alarm(values)

    def sample(self, shown: nn.Module) -> Generator[None, None, Picture | None]:
        """Show a few pictures: as they are, translated, and back again."""
        rows: dict[str, list[Tensor]] = {}
        for way in self._facts.ways:
            one, other = tuple(way)
            for number, picture in enumerate(self._looks[one]):
                painted = _way(shown, way)(picture.to(self._device))
                row = {one.upper(): picture, f"{one.upper()} to {other.upper()}": painted}
                if self._settings.is_two_way:
                    row[f"and back to {one.upper()}"] = _way(shown, other + one)(painted)
                elif self._settings.course == "pix2pix":
                    row["Wanted"] = self._looks[other][number]
                for name, shows in row.items():
                    rows.setdefault(name, []).append(shows.float().cpu())
                yield
        return sample_sheet({name: to_picture(torch.cat(row, dim=3)) for name, row in rows.items()})

    # -- being kept --------------------------------------------------------------------------------------------------

    def export(self, shown: nn.Module) -> ExportedModel:
        """Return the generators in half precision, and how well they do."""
        facts = TranslatorFacts(
            self._facts.network, self._facts.shape, self._facts.ways, self._facts.a, self._facts.b,
            self._settings.size, self._steps, about={"settings": self._settings.model_dump_json()},
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
    networks = _untrained(facts, settings, place)
    is_checked = bool(kept["a"] and kept["b"])
    likeness = None
    if settings.kid_crops >= _FEWEST_PARTS and is_checked:
        yield Progress("Looking at the real pictures")
        likeness = Likeness(_slim().to(place.device), settings.kid_crops, settings.size)
        worlds = "".join(way[1] for way in facts.ways)
        for _ in likeness.learning(kept, taught, worlds):
            yield Progress("Looking at the real pictures")
        for world, one in likeness.worlds.items():
            name = world.upper()
            yield Log(f"Real {name} against real {name}: KID {one.of_real:.3f} ± {one.spread:.3f}.")
    looks = {world: (kept[world] if is_checked else taught[world])[:_SHOWN] for world in "ab"}
    return TranslateTask(networks, facts, examples, kept, looks, settings, likeness)


def _untrained(facts: TranslatorFacts, settings: TranslatorSettings, place: TaskContext) -> dict[str, nn.Module]:
    generators = nn.ModuleDict({way: build(facts) for way in facts.ways})
    if settings.course in ("cut", "fastcut"):
        seen = _way(generators, "ab").features(torch.zeros(1, 3, settings.size, settings.size))
        generators[_HEADS] = PatchHeads([one.shape[1] for one in seen])
    channels = 6 if settings.course == "pix2pix" else 3
    judged = sorted(way[1] for way in facts.ways)
    networks: dict[str, nn.Module] = {"generators": generators} | {
        f"critic_{world}": PatchCritic(settings.critic_width, settings.critic_depth, channels) for world in judged
    }
    for name, network in networks.items():
        initialise(network, torch.Generator().manual_seed(seed_of("weights", name, place.seed) % 2**63))
        network.to(place.device)  # on a processor channels last would take a sixth longer
    return networks


def _slim() -> Backbone:
    """Return the network that comes along."""
    weights = resolve_backbone(SLIM)
    assert weights.path is not None
    return load_backbone(weights.path, weights.architecture)


def _way(generators: nn.Module, way: str) -> Translator:
    """Return the generator of a way, such as "ab"."""
    generator = generators.get_submodule(way)
    assert isinstance(generator, Translator)
    return generator


def _objective(network: str, terms: Mapping[str, Tensor], *, step: bool = True) -> Objective:
    loss = torch.stack([term.float() for term in terms.values()]).sum()
    return Objective(network, loss, {name: term.detach() for name, term in terms.items()}, step=step)
