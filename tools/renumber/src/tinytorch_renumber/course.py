"""The course's own order, and the three plans that it once chose from."""

from __future__ import annotations

COURSE = (
    "tensor",
    "activations",
    "layers",
    "losses",
    "autograd",
    "optimizers",
    "training",
    "dataloader",
    "spatial",
    "tokenization",
    "embeddings",
    "attention",
    "transformers",
    "kv_caching",
    "profiling",
    "acceleration",
    "quantization",
    "compression",
    "benchmarking",
    "capstone",
)
COURSE_NUMBERS = {slug: number for number, slug in enumerate(COURSE, start=1)}

# What each built-in plan says, in the words of a plan file.
BUILT_IN: dict[str, dict[str, object]] = {
    # Module 07 leaves the sequence; 08-20 become 07-19.
    "option-1": {"removed": {"training": "unnumber"}},
    # Numbers stay; 07 is optional.
    "option-2": {"marks": {"training": {"optional": True, "path": "core"}}},
    # Numbers stay; 07 belongs to the advanced path.
    "option-3": {"marks": {"training": {"optional": False, "path": "advanced"}}},
}
