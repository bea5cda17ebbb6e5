"""Pictures dragged by points: handles get where they shall, are followed, and what is masked stays."""

import pytest
import torch
from torch import Tensor

from models.drag import Drag, DragSettings
from models.gan import Generator, Listener

SIDE = 32


class Spots(Generator):
    """Draws two spots; w says where they lie, right and down, in units of the side."""

    size, latent, style, styles, stages = SIDE, 4, 4, 1, 1

    def synthesise(self, w: Tensor, listen: Listener | None = None) -> Tensor:
        w = self.by_stage(w)[:, 0]
        places = torch.arange(SIDE) / SIDE
        spots = [
            torch.exp(-((places[None, None] - w[:, 2 * n, None, None]) ** 2
                        + (places[None, :, None] - w[:, 2 * n + 1, None, None]) ** 2) / 0.02)
            for n in range(2)
        ]  # fmt: skip
        x = torch.stack([*spots, spots[0] + spots[1]], dim=1)
        x = x if listen is None else listen(0, x)
        return x * 2 - 1


@pytest.fixture
def spots() -> Tensor:
    return torch.tensor([[[0.25, 0.5, 0.75, 0.5]]])


def place_of(picture: Tensor, channel: int) -> tuple[int, int]:
    where = int(picture[0, channel].argmax())
    return where % SIDE, where // SIDE


def test_a_handle_is_dragged_to_its_target_and_what_lies_there_comes_with_it(spots):
    drag = Drag(Spots(), spots, [(8, 16)], [(13, 13)], settings=DragSettings(rate=0.1))
    before = drag.distance
    for _ in range(60):
        picture = drag.step()
        if drag.is_there:
            break
    assert drag.is_there
    assert before == pytest.approx(34**0.5)
    x, y = place_of(picture, 0)
    assert abs(x - 13) <= 2
    assert abs(y - 13) <= 2


def test_a_handle_is_followed_where_its_features_go(spots):
    drag = Drag(Spots(), spots, [(8, 16)], [(20, 16)])
    with torch.no_grad():
        drag._coarse += torch.tensor([2 / SIDE, 1 / SIDE, 0, 0])  # the spot moves by itself
        assert drag._tracked(drag._made()[0], (8.0, 16.0), drag._taken[0]) == (10.0, 17.0)


def test_what_is_masked_stays(spots):
    mask = torch.zeros(1, 1, SIDE, SIDE)
    mask[..., : SIDE // 2] = 1.0
    free, masked = (
        Drag(Spots(), spots, [(8, 16), (24, 16)], [(12, 16), (28, 16)], m, DragSettings(mask_weight=1e3))
        for m in (None, mask)
    )
    for drag in (free, masked):
        for _ in range(8):
            drag.step()
    moved_free, moved_masked = (abs(float(drag.w[0, 0, 2] - 0.75)) for drag in (free, masked))
    assert moved_masked < 0.5 * moved_free


def test_every_handle_needs_a_target(spots):
    with pytest.raises(ValueError, match="one target"):
        Drag(Spots(), spots, [(8, 16)], [])
