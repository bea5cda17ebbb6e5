"""What a network expects of its input: the mean and spread of its training pictures, per channel, sRGB 0–1."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
"""Of ImageNet's photos, as torchvision states them."""

GREY_MEAN = (0.449,)
GREY_STD = (0.226,)
"""The same for pictures without colour: the averages over the three channels."""
