"""The numbers that say how good a classifier is, checked against their definitions and torchmetrics."""

import math

import pytest
import torch

from models.vision_operators import declare_vision_operators
from studio.training.tasks.answers import Answers, accuracy_of, balanced_accuracy_of
from studio.training.tasks.classifier_card import classifier_card

P = torch.tensor([[0.7, 0.2, 0.1], [0.5, 0.4, 0.1], [0.1, 0.1, 0.8], [0.05, 0.15, 0.8], [0.1, 0.8, 0.1]])
TRUTHS = torch.tensor([0, 1, 2, 0, 1])


@pytest.fixture
def answers():
    return Answers.of(P.log() + 5.0, TRUTHS)


def test_answers_are_softmax_and_negative_log_likelihood(answers):
    torch.testing.assert_close(answers.probabilities, P)
    assert answers.said.tolist() == [0, 0, 2, 2, 1]
    expected = [-math.log(p) for p in (0.7, 0.4, 0.8, 0.05, 0.8)]
    assert answers.losses.tolist() == pytest.approx(expected, abs=1e-6)
    assert answers.loss == pytest.approx(sum(expected) / 5, abs=1e-6)


def test_confusions_are_counted_in_rows_of_what_it_is(answers):
    assert answers.confusion.tolist() == [[1, 0, 1], [1, 1, 0], [0, 0, 1]]
    assert accuracy_of(answers.confusion) == pytest.approx(3 / 5)
    assert balanced_accuracy_of(answers.confusion) == pytest.approx((1 / 2 + 1 / 2 + 1) / 3)


def test_they_are_those_of_torchmetrics():
    declare_vision_operators()
    from torchmetrics.functional import classification as theirs

    generator = torch.Generator().manual_seed(2)
    logits, truths = torch.randn(200, 6, generator=generator), torch.randint(6, (200,), generator=generator)
    confusion = Answers.of(logits, truths).confusion
    assert torch.equal(confusion, theirs.multiclass_confusion_matrix(logits, truths, 6))
    for average, ours in (("micro", accuracy_of(confusion)), ("macro", balanced_accuracy_of(confusion))):
        assert ours == pytest.approx(float(theirs.multiclass_accuracy(logits, truths, 6, average=average)), abs=1e-6)


def test_classes_that_do_not_occur_do_not_count():
    assert balanced_accuracy_of(torch.tensor([[3, 1, 0], [0, 0, 0], [0, 0, 2]])) == pytest.approx((0.75 + 1) / 2)
    assert (accuracy_of(torch.zeros(2, 2)), balanced_accuracy_of(torch.zeros(2, 2))) == (0.0, 0.0)


def test_the_worst_mistakes_are_those_with_the_highest_loss(answers):
    assert answers.worst(5) == [3, 1]
    assert answers.worst(1) == [3]


def card_of(answers, names):
    return classifier_card(
        title="It", names=names, taught=[5] * len(names), answers=answers, mistaken=lambda index: f"{index}.png",
        size=32, channels=3, weights=1234,
    )  # fmt: skip


def test_the_card_has_the_accuracy_the_table_and_the_mistakes(answers):
    card = card_of(answers, ("cat", "dog|wolf", "bird"))
    assert "**60.00%** right, 66.67% as a mean over the classes" in card
    assert "| is ↓ · said → | cat | dog\\|wolf | bird |\n|---|---|---|---|\n| cat | 1 | 0 | 1 |" in card
    assert "| 3.png | cat | bird | 80% |\n| 1.png | dog\\|wolf | cat | 50% |" in card


def test_the_card_of_very_many_classes_lists_what_is_confused_most():
    truths = torch.tensor([0, 0, 0, 1, 1, 29])
    said = torch.nn.functional.one_hot(torch.tensor([4, 4, 0, 2, 1, 29]), 30).float()
    card = card_of(Answers.of(20 * said, truths), [f"c{number}" for number in range(30)])
    assert "| is | said | how often |\n|---|---|---|\n| c0 | c4 | 2 |\n| c1 | c2 | 1 |\n" in card
