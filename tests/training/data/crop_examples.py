"""Random views of cached pictures, with everything that can happen to them; for worker processes, too."""

import torch

from studio.training.data.augment import augmented
from studio.training.data.variation import Variation


class Crops:
    fingerprint = "crops"
    variation = Variation(turn=30, shift=0.2, brightness=0.5, contrast=0.5, saturation=0.5, hue=0.2, erase=0.5)

    def __init__(self, pictures):
        self.pictures = pictures

    def __len__(self):
        return len(self.pictures)

    def draw(self, index, chance, size):
        return augmented(self.pictures[index], size, self.variation, chance), torch.tensor(index)
