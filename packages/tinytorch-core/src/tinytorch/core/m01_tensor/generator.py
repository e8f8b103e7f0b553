"""Where random numbers come from: seeds, and states that can be stored."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

_DEFAULT_SEED = 67280421310721  # what PyTorch's Generator() starts from


class Generator:
    """A source of random numbers: the same seed gives the same numbers on every platform.

    Underneath is NumPy's PCG64. The numbers aren't PyTorch's for the same seed.

    Attributes:
        rng: NumPy's generator, for what isn't offered here.

    Examples:
        >>> a, b = tt.Generator().manual_seed(7), tt.Generator().manual_seed(7)
        >>> tt.equal(tt.rand(3, generator=a), tt.rand(3, generator=b))
        True

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Generator.html
    """

    def __init__(self) -> None:
        self.manual_seed(_DEFAULT_SEED)

    def manual_seed(self, seed: int) -> Generator:
        """Start anew from a seed, and return the generator.

        Args:
            seed: from `-2**63` to `2**64 - 1`; a negative one counts from `2**64` down.

        Raises:
            RuntimeError: the seed isn't an int.
            ValueError: it is out of range.
        """
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
            raise RuntimeError(f"manual_seed expected an int, but got {type(seed).__name__}")
        seed = int(seed)
        if not -(2**63) <= seed < 2**64:
            raise ValueError(f"the seed must be from -2**63 to 2**64 - 1, got {seed}")
        self._seed = seed % 2**64
        self.rng = np.random.Generator(np.random.PCG64(self._seed))
        return self

    def seed(self) -> int:
        """Start anew from a seed that the operating system draws, and return it."""
        self.manual_seed(int.from_bytes(os.urandom(8), "little"))
        return self._seed

    def initial_seed(self) -> int:
        """Return the seed from which the generator last started."""
        return self._seed

    def get_state(self) -> dict[str, Any]:
        """Return where the generator stands, made of numbers and text alone so that JSON can hold it."""
        state: Any = self.rng.bit_generator.state
        return {
            "algorithm": "PCG64",
            "seed": self._seed,
            # 128 bits are more than most readers of JSON keep of a number.
            "state": hex(state["state"]["state"]),
            "increment": hex(state["state"]["inc"]),
            "spare": state["uinteger"] if state["has_uint32"] else None,
        }

    def set_state(self, new_state: dict[str, Any]) -> None:
        """Go to where a generator stood when `get_state` was called.

        Raises:
            TypeError: the state isn't a dict.
            ValueError: it isn't one that `get_state` made; the generator stays as it was.
        """
        if not isinstance(new_state, dict):
            raise TypeError(f"the state of a Generator is a dict, not {type(new_state).__name__}")
        try:
            if new_state["algorithm"] != "PCG64":
                raise ValueError(f"unknown algorithm {new_state['algorithm']!r}")
            seed, spare = int(new_state["seed"]), new_state["spare"]
            bits = np.random.PCG64()
            bits.state = {
                "bit_generator": "PCG64",
                "state": {"state": int(new_state["state"], 16), "inc": int(new_state["increment"], 16)},
                "has_uint32": int(spare is not None),
                "uinteger": 0 if spare is None else int(spare),
            }
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"not a state of a Generator: {error!r}") from error
        self._seed, self.rng = seed, np.random.Generator(bits)


default_generator = Generator()
default_generator.seed()


def manual_seed(seed: int) -> Generator:
    """Start the default generator anew from `int(seed)`, and return it; see `Generator.manual_seed`.

    Examples:
        >>> _ = tt.manual_seed(0)
        >>> x = tt.rand(3)
        >>> _ = tt.manual_seed(0)
        >>> tt.equal(x, tt.rand(3))
        True
    """
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Start the default generator anew from a seed that the operating system draws, and return it."""
    return default_generator.seed()


def initial_seed() -> int:
    """Return the seed from which the default generator last started."""
    return default_generator.initial_seed()
