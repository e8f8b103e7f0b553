"""The tensor's methods that make others like it, or fill it with random numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

# creation.py and the others make Tensors, so they can only be imported once there is a Tensor.

if TYPE_CHECKING:
    from .generator import Generator
    from .tensor import Tensor


class CreationMethods:
    """Part of Tensor: making others, and random numbers."""

    def new_tensor(self: Any, data: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
        """Copy data to a new tensor of this tensor's dtype."""
        from .creation import tensor

        return tensor(data, dtype=dtype or self.dtype, requires_grad=requires_grad)

    def new_empty(
        self: Any, *sizes: Any, size: Any = None, dtype: Any = None, requires_grad: bool = False
    ) -> Tensor:
        """Return a tensor of this one's dtype with whatever was in the memory."""
        from .creation import empty

        return empty(*sizes, size=size, dtype=dtype or self.dtype, requires_grad=requires_grad)

    def new_zeros(
        self: Any, *sizes: Any, size: Any = None, dtype: Any = None, requires_grad: bool = False
    ) -> Tensor:
        """Return zeros of this tensor's dtype."""
        from .creation import zeros

        return zeros(*sizes, size=size, dtype=dtype or self.dtype, requires_grad=requires_grad)

    def new_ones(
        self: Any, *sizes: Any, size: Any = None, dtype: Any = None, requires_grad: bool = False
    ) -> Tensor:
        """Return ones of this tensor's dtype."""
        from .creation import ones

        return ones(*sizes, size=size, dtype=dtype or self.dtype, requires_grad=requires_grad)

    def new_full(
        self: Any, size: Any, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False
    ) -> Tensor:
        """Return a tensor of this one's dtype, filled with one value."""
        from .creation import full

        return full(size, fill_value, dtype=dtype or self.dtype, requires_grad=requires_grad)

    # Random numbers

    def bernoulli(self: Any, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
        """Return ones with these probabilities, zeros otherwise; see `bernoulli`."""
        from .distributions import bernoulli

        return bernoulli(self, p, generator=generator)

    def multinomial(
        self: Any, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
    ) -> Tensor:
        """Draw indices with probabilities proportional to these weights; see `multinomial`."""
        from .distributions import multinomial

        return multinomial(self, num_samples, replacement, generator=generator)

    # In place; each returns the tensor

    def normal_(self: Any, mean: float = 0, std: float = 1, *, generator: Generator | None = None) -> Tensor:
        """Fill with numbers from a normal distribution."""
        from .distributions import fill_normal

        return fill_normal(self, mean, std, generator)

    def uniform_(self: Any, from_: float = 0, to: float = 1, *, generator: Generator | None = None) -> Tensor:
        """Fill with numbers that are uniformly distributed over [from_, to)."""
        from .distributions import fill_uniform

        return fill_uniform(self, from_, to, generator)

    def bernoulli_(self: Any, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
        """Fill with ones with probability `p`, a number or a tensor, and zeros otherwise."""
        from .distributions import fill_bernoulli

        return fill_bernoulli(self, p, generator)

    def random_(
        self: Any, from_: int = 0, to: int | None = None, *, generator: Generator | None = None
    ) -> Tensor:
        """Fill with integers: `random_(to)` from 0, `random_(from_, to)`; `to` isn't among them.

        Without bounds, with all integers from 0 that the dtype holds exactly.
        """
        from .distributions import fill_integers

        return fill_integers(self, from_, to, generator)
