"""Bytes become numbers and numbers bytes: by the formula, and there and back without loss."""

import numpy as np
import torch

from models.pixels import to_deep_picture, to_picture, to_tensor

EVERY_BYTE = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)


def test_every_byte_comes_back_as_it_was():
    assert np.array_equal(to_picture(to_tensor(EVERY_BYTE)), EVERY_BYTE)
    assert np.array_equal(to_deep_picture(to_tensor(EVERY_BYTE)), EVERY_BYTE.astype(np.uint16) * 257)


def test_channels_come_first_and_bytes_are_parts_of_255():
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    tensor = to_tensor(picture)
    assert (tensor.shape, tensor.dtype) == ((1, 3, 5, 7), torch.float32)
    assert tensor[0, 2, 4, 6].item() == np.float32(picture[4, 6, 2]) / np.float32(255)


def test_alpha_stays_behind_and_the_loaded_picture_is_left_alone():
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 4), np.uint8)
    picture.flags.writeable = False
    tensor = to_tensor(picture)
    tensor.zero_()
    assert tensor.shape == (1, 3, 5, 7)
    assert picture.any()


def test_what_lies_outside_is_cut_off_and_halves_are_rounded():
    image = torch.tensor([-0.2, 0.5, 1.3]).reshape(1, 3, 1, 1).requires_grad_()
    assert to_picture(image).tolist() == [[[0, 128, 255]]]
    assert to_deep_picture(image).tolist() == [[[0, 32768, 65535]]]
