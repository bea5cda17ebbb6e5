"""Remembers, for this computer, into how many micro-batches a step had to be divided to fit into its memory."""

from studio.core.memo import Memo

__all__ = ["MicroBatchMemo"]


class MicroBatchMemo(Memo):
    """What ran out of memory once need not do so again."""

    def number(self, key: str) -> int:
        """Return into how many micro-batches a step of this kind has to be divided, as far as is known."""
        value = self.read().get(key, 1)
        return value if isinstance(value, int) and value > 0 else 1
