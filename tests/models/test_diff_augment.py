"""DiffAugment: what may happen to pictures before a critic sees them."""

import torch

from models.diff_augment import diff_augment


def test_nothing_happens_without_a_policy():
    pictures = torch.rand(2, 3, 16, 16)
    assert torch.equal(diff_augment(pictures, ()), pictures)


def test_colours_change_as_the_paper_says():
    pictures = torch.rand(2, 3, 8, 8)
    torch.manual_seed(4)
    made = diff_augment(pictures, ("colour",))
    torch.manual_seed(4)
    brightness, saturation, contrast = torch.rand(3, 2)
    for n in range(2):
        x = (pictures[n] * 2 - 1) + (brightness[n] - 0.5)  # in the authors' range
        x = (x - x.mean(0, keepdim=True)) * saturation[n] * 2 + x.mean(0, keepdim=True)
        x = (x - x.mean()) * (contrast[n] + 0.5) + x.mean()
        assert torch.allclose(made[n], (x + 1) / 2, atol=1e-5)


def test_pictures_are_moved_by_up_to_an_eighth_and_grey_comes_in():
    pictures = torch.rand(64, 6, 16, 16) * 0.4
    torch.manual_seed(0)
    made = diff_augment(pictures, ("translation",))
    offsets = set()
    for picture, moved in zip(pictures, made, strict=True):
        grey = (moved == 0.5).all(0)
        found = [
            (down, across)
            for down in range(-2, 3)
            for across in range(-2, 3)
            if torch.equal(torch.where(grey, 0.5, torch.roll(picture, (down, across), (1, 2))), moved)
            and int(grey.sum()) == 256 - (16 - abs(down)) * (16 - abs(across))
        ]
        assert len(found) == 1
        offsets.add(found[0])
    assert {down for down, _ in offsets} == {across for _, across in offsets} == {-2, -1, 0, 1, 2}


def test_a_patch_of_half_the_side_is_covered():
    pictures = torch.rand(32, 3, 16, 16) * 0.4
    made = diff_augment(pictures, ("cutout",))
    covered = (made == 0.5).all(1)
    assert covered.sum(dim=(1, 2)).max() == 64
    assert 0 < covered.sum(dim=(1, 2)).min() < 64
    assert torch.equal(made[~covered[:, None].expand_as(made)], pictures[~covered[:, None].expand_as(made)])


def test_gradients_go_through_to_the_painter():
    pictures = torch.rand(2, 3, 16, 16, requires_grad=True)
    torch.manual_seed(1)
    diff_augment(pictures, ("colour", "translation", "cutout")).sum().backward()
    assert (pictures.grad != 0).float().mean() > 0.3
