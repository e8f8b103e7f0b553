"""What a `ContinuousBatcher` is asked for, and what has come of it."""

from __future__ import annotations

from typing import Any


class GenerationRequest:
    """A prompt that a `ContinuousBatcher` goes on from.

    Attributes:
        prompt: the tokens that were given.
        tokens: those written so far.
        done: whether there will be no more.
        reason: why: "length", "stop", "cancelled" or "error"; None before.
        error: the exception, if that is the reason.
    """

    def __init__(self, prompt: list[int], max_new_tokens: int, options: dict[str, Any]) -> None:
        self.prompt = prompt
        self.tokens: list[int] = []
        self.max_new_tokens = max_new_tokens
        self.options = options
        self.reason: str | None = None
        self.error: Exception | None = None

    @property
    def done(self) -> bool:
        """Whether there will be no more tokens."""
        return self.reason is not None

    @property
    def ids(self) -> list[int]:
        """The prompt and what follows it."""
        return self.prompt + self.tokens

    def cancel(self) -> None:
        """Ask for no more tokens; its place is free from the next step on."""
        if not self.done:
            self.reason = "cancelled"

    def __repr__(self) -> str:
        return (
            f"GenerationRequest({len(self.prompt)} + {len(self.tokens)} tokens, {self.reason or 'running'})"
        )
