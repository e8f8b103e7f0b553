"""What a request may ask for, and why it may not."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """Why a request isn't answered: a status, a sentence, and headers."""

    def __init__(self, status: int, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status, self.reason, self.headers = status, reason, dict(headers or {})


def read_json(body: bytes) -> Any:
    """Return what a body of JSON says.

    Raises:
        Refusal: it isn't JSON.
    """
    try:
        return json.loads(body, parse_constant=not_a_number)
    except (ValueError, RecursionError):
        raise Refusal(400, "the body isn't JSON") from None


def not_a_number(name: str) -> float:
    """Refuse what Python reads, but isn't JSON: NaN and Infinity."""
    raise ValueError(name)


def checked(wishes: Any, prompt: int, tokens: int) -> dict[str, Any]:
    """Return wishes as they are, if they are of the right types and within the limits.

    Raises:
        Refusal: they aren't.
    """
    kinds: dict[str, tuple[type, ...]] = {
        "prompt": (str,),
        "tokens": (int,),
        "temperature": (int, float),
        "top_k": (int, type(None)),
        "top_p": (int, float, type(None)),
        "seed": (int, type(None)),
    }
    if not isinstance(wishes, dict) or not set(wishes) <= set(kinds):
        raise Refusal(400, f"the body is an object with some of these: {', '.join(kinds)}")
    found = {"prompt": "", "tokens": 200, **wishes}
    for name, value in found.items():
        wrong = isinstance(value, bool) or not isinstance(value, kinds[name])
        if wrong or (isinstance(value, float) and not math.isfinite(value)):
            raise Refusal(400, f"{name} is of the wrong type")
        if isinstance(value, (int, float)) and abs(value) > 2**32:
            raise Refusal(400, f"{name} is out of range")
    if len(found["prompt"]) > prompt:
        raise Refusal(400, f"the prompt has {len(found['prompt']):,} characters, at most {prompt:,} are read")
    if not 1 <= found["tokens"] <= tokens:
        raise Refusal(400, f"tokens is a number from 1 to {tokens:,}")
    if found.get("seed") is not None and not 0 <= found["seed"] < 2**32:
        raise Refusal(400, "seed is a number from 0 to 2**32 - 1")
    return found
