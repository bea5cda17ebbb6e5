"""How far a pupil's style gradient is off its teacher's, against the formula written out."""

import pytest
import torch
from torch.nn.functional import avg_pool2d

from models.distillation import Heads, gradient_error, gram_matrix
from models.teachers import Lesson


def mixed(matrix, pictures):
    return torch.einsum("oc,nchw->nohw", matrix, pictures)


@pytest.mark.parametrize("calm", [1, 3])
def test_the_gradient_error_is_that_of_one_style_loss(calm):
    """Of t = Ax the gradient of ½‖G - G′‖² to x is 2Aᵀ(G - G′)Ax / HW; both are asked for the teacher's G - G′."""
    random = torch.Generator().manual_seed(0)
    a, b, head = (torch.randn(*shape, generator=random) for shape in ((5, 3), (4, 3), (5, 4)))
    pictures = torch.rand(3, 3, 8, 8, generator=random).requires_grad_()
    heads = Heads([Lesson("relu1_1", "teacher.relu1_1", 5, calm=calm)], {"relu1_1": 4})
    heads.maps[0].data, heads.energies[0] = head, 2.0
    told, seen = mixed(a, pictures), mixed(b, pictures)
    error = gradient_error(heads, 0, pictures, {"relu1_1": seen}, {"teacher.relu1_1": told})

    grams = gram_matrix(told / 2**0.5)
    move = grams - grams[[2, 0, 1]]

    def gradient(matrix):
        return (
            2
            * torch.stack([mixed(matrix.T @ one @ matrix, x[None])[0] for one, x in zip(move, pictures, strict=True)])
            / 64
        )

    asked = avg_pool2d(gradient(a / 2**0.5), calm, 1, calm // 2, count_include_pad=False)
    answered = gradient(head @ b)
    energy = (asked.square() + answered.square()).mean((1, 2, 3))
    expected = ((answered - asked).square().mean((1, 2, 3)) / (energy + 0.1 * energy.mean())).mean()
    assert error.item() == pytest.approx(expected.item(), rel=1e-4)


def test_who_answers_as_the_teacher_does_is_not_off():
    random = torch.Generator().manual_seed(0)
    a = torch.randn(4, 3, generator=random)
    pictures = torch.rand(2, 3, 8, 8, generator=random).requires_grad_()
    heads = Heads([Lesson("relu1_1", "teacher.relu1_1", 4)], {"relu1_1": 4})
    heads.maps[0].data = torch.eye(4)
    features = mixed(a, pictures)
    assert gradient_error(heads, 0, pictures, {"relu1_1": features}, {"teacher.relu1_1": features}).item() < 1e-10


def test_a_picture_alone_asks_for_nothing():
    pictures = torch.rand(1, 3, 8, 8).requires_grad_()
    heads = Heads([Lesson("relu1_1", "teacher.relu1_1", 3)], {"relu1_1": 3})
    heads.maps[0].data = torch.eye(3)
    assert gradient_error(heads, 0, pictures, {"relu1_1": 1 * pictures}, {"teacher.relu1_1": 2 * pictures}).item() == 0
