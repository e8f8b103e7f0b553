"""The format of Chrome's tracing: a list of events with a beginning and a length, as JSON."""

from __future__ import annotations

import json
import os
from typing import Any

from .events import BACKWARD, Event
from .flops import count

THREAD = 1  # a profile sees one thread


def chrome_trace(events: list[Event], began: int) -> str:
    """Return events as JSON for https://ui.perfetto.dev and chrome://tracing.

    Every event is a complete one ("X"), times are in microseconds since the profile began; an arrow ("s" to
    "f") leads from each operation to its gradient rule; live memory is a counter ("C").

    Source: "Trace Event Format", https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
    """
    process = os.getpid()
    where: dict[str, Any] = {"pid": process, "tid": THREAD}
    out: list[dict[str, Any]] = [
        {"ph": "M", "name": "process_name", **where, "args": {"name": "tinytorch"}},
        {"ph": "M", "name": "thread_name", **where, "args": {"name": "profiled thread"}},
    ]
    numbers = {id(event): number for number, event in enumerate(events)}
    for event in events:
        at = (event.start - began) / 1000
        out.append(
            {
                "ph": "X",
                "cat": event.kind,
                "name": (event.path or event.name).encode("utf-8", "replace").decode(),
                "ts": at,
                "dur": event.total / 1000,
                **where,
                "args": _details(event),
            }
        )
        if event.kind == BACKWARD and event.forward is not None:
            arrow = {"cat": "fwdbwd", "name": "fwdbwd", "id": numbers[id(event)], **where}
            out.append({"ph": "s", **arrow, "ts": (event.forward.start - began) / 1000})
            out.append({"ph": "f", "bp": "e", **arrow, "ts": at})
        if event.live is not None:
            out.append(
                {
                    "ph": "C",
                    "name": "live memory",
                    **where,
                    "ts": (event.end - began) / 1000,
                    "args": {"bytes": event.live},
                }
            )
    return json.dumps({"displayTimeUnit": "ms", "traceEvents": out}, allow_nan=False, separators=(",", ":"))


def _details(event: Event) -> dict[str, Any]:
    details: dict[str, Any] = {}
    if shapes := event.input_shapes:
        details["Input Dims"] = shapes
    if event.kind in ("operation", "backward", "work"):
        counted = count(event)
        details["FLOPs"] = "no formula" if counted is None else counted.flops
        if counted is not None:
            details["Elementwise FLOPs"] = counted.elementwise
        details["Bytes moved"] = event.moved
    if event.allocated:
        details["Bytes made"] = event.allocated
    if event.path:
        details["Module"] = event.name
    return details
