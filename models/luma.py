"""What a colour weighs as grey: the luma of television, JPEG and most programs."""

__all__ = ["REC_601"]

REC_601 = (0.299, 0.587, 0.114)
"""Weights of red, green and blue, as they are coded (ITU-R BT.601); their sum is 1."""
