"""What `MultiheadAttention` may be given, and the errors for what it may not."""

from __future__ import annotations

from typing import Any

from tinytorch.core import Tensor


def check_inputs(module: Any, query: Any, key: Any, value: Any) -> None:
    """Raise an error if queries, keys and values have wrong shapes."""
    given = {"query": query, "key": key, "value": value}
    for name, x in given.items():
        if not isinstance(x, Tensor):
            raise TypeError(f"MultiheadAttention: argument '{name}' must be Tensor, not {type(x).__name__}")
    if query.ndim not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {query.ndim}-D query tensor"
        )
    if key.ndim != query.ndim or value.ndim != query.ndim:
        raise AssertionError(
            f"for a {query.ndim}-D query, expected key and value to be {query.ndim}-D, "
            f"but found {key.ndim}-D and {value.ndim}-D tensors"
        )
    widths = {"query": module.embed_dim, "key": module.kdim, "value": module.vdim}
    for name, width in widths.items():
        if given[name].shape[-1] != width:
            raise AssertionError(
                f"was expecting {name} to have {width} features (embed_dim, kdim, vdim), "
                f"but its shape is {given[name].shape}"
            )
    if key.shape[:-1] != value.shape[:-1]:
        raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")
    batch = 0 if module.batch_first else 1
    if query.ndim == 3 and key.shape[batch] != query.shape[batch]:
        raise RuntimeError(
            f"query and key must have the same batch size, but their shapes are {query.shape} and "
            f"{key.shape} (batch_first={module.batch_first})"
        )


def check_masks(
    module: Any, query: Tensor, key: Tensor, key_padding_mask: Any, attn_mask: Any, is_causal: bool
) -> None:
    """Raise an error if a mask doesn't fit queries (N, L, embed_dim) and keys (N, S, kdim)."""
    batch, queries, keys = *query.shape[:2], key.shape[1]
    for name, mask in {"key_padding_mask": key_padding_mask, "attn_mask": attn_mask}.items():
        if mask is not None and not isinstance(mask, Tensor):
            raise TypeError(f"MultiheadAttention: '{name}' must be Tensor or None, not {type(mask).__name__}")
        if mask is not None and mask.dtype.kind not in "bf":
            raise AssertionError(f"only bool and floating types of {name} are supported, not {mask.dtype}")
    if key_padding_mask is not None and key_padding_mask.shape != (batch, keys):
        raise AssertionError(
            f"expected key_padding_mask of shape (batch, keys) = {(batch, keys)}, "
            f"but got {key_padding_mask.shape}"
        )
    if is_causal and attn_mask is None:
        raise RuntimeError("need attn_mask if specifying the is_causal hint; causal_mask(length) makes it")
    if attn_mask is None:
        return
    if attn_mask.ndim not in (2, 3):
        raise AssertionError(
            f"expected attn_mask to be None, 2-D or 3-D, but found a {attn_mask.ndim}-D tensor"
        )
    wanted = (queries, keys) if attn_mask.ndim == 2 else (batch * module.num_heads, queries, keys)
    if attn_mask.shape != wanted:
        raise RuntimeError(
            f"the shape of the {attn_mask.ndim}D attn_mask is {attn_mask.shape}, but should be {wanted}"
        )
    if attn_mask.dtype.kind == "f" and attn_mask.dtype != query.dtype:
        raise RuntimeError(
            f"attn_mask and query must have the same dtype, but got {attn_mask.dtype} and {query.dtype}"
        )
