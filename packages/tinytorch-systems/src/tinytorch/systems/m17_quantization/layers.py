"""Layers whose weights are whole numbers of eight or four bits."""

from __future__ import annotations

import copy
from typing import Any, Self

from tinytorch.core import Linear, Module, Tensor, from_numpy, functional as F, pad
from tinytorch.language import Embedding

from .activations import InputQuantizer
from .dtypes import qint8
from .holding import Holder, buffers_of, held, hold, layouts, reader
from .integer import integer_linear, scaled_linear
from .quantized_tensor import QuantizedTensor
from .rounding import quantize_tensor


class QuantizedLayer(Holder, Module):
    """What the quantized layers share: weight, bias, and how they are made and shown."""

    input_quantizer: InputQuantizer | None = None

    @property
    def weight(self) -> QuantizedTensor:
        """The whole numbers and their scales."""
        return held(self, "weight")

    def _bias(self) -> Tensor | None:
        if "bias" in layouts(self):
            return held(self, "bias").dequantize()
        return self.__dict__.get("bias")

    bias = reader("bias", _bias)

    @classmethod
    def from_float(cls, module: Any, dtype: Any = qint8, **options: Any) -> Self:
        """Make the quantized form of a layer; the layer stays as it is.

        Args:
            module: the layer to be quantized.
            dtype: of the weight, as of `quantize_tensor`.
            options: as of `quantize_tensor`; left out, each output has a scale. A bias stays as it is.

        Raises:
            ValueError: the weight has NaN or an infinity.
        """
        quantized = quantize_tensor(module.weight, dtype, **(options or {"axis": 0}))
        result: Any = copy.deepcopy(module)
        hold(result, "weight", quantized.layout, buffers_of(quantized))
        result.__class__ = cls
        return result  # type: ignore[no-any-return]  # its class was changed

    def extra_repr(self) -> str:
        """Return what is in it for `repr`."""
        weight = self.weight
        text = f"weight={list(weight.shape)}, {weight.dtype!r}, {weight.qscheme()}"
        if weight.layout.group:
            text += f", group={weight.layout.group}"
        return text


class QuantizedLinear(QuantizedLayer):
    """A `Linear` whose weight is whole numbers: (*, in_features) to (*, out_features).

    The whole numbers become floats for the product, and the result is scaled: the float weight exists for the
    time of one product. With an `input_quantizer` the product is one of whole numbers, exact in int32.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.ao.nn.quantized.Linear.html
    """

    in_features: int
    out_features: int

    def forward(self, input: Tensor) -> Tensor:
        """Return (*, out_features) for (*, in_features)."""
        weight, bias = self.weight, self.bias
        if weight.layout.group or weight.zero_point is not None:
            x = input if self.input_quantizer is None else self.input_quantizer(input)
            return F.linear(x, weight.dequantize(), bias)
        scale, numbers, middle = from_numpy(weight.scale), from_numpy(weight.ints()), weight.dtype.middle
        if self.input_quantizer is None:
            scaled: Tensor = scaled_linear(input, numbers, scale, bias, middle)
            return scaled
        whole, step, zero = self.input_quantizer.numbers(input)
        product: Tensor = integer_linear(whole, numbers, zero, middle).to(input.dtype)
        product = product * (step * scale.to(input.dtype))
        return product if bias is None else product + bias


class QuantizedConv2d(QuantizedLayer):
    """A `Conv2d` whose kernels are whole numbers: (N, C, H, W) to (N, K, OH, OW).

    The kernels become floats for the convolution. With an `input_quantizer` the images are rounded first.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.ao.nn.quantized.Conv2d.html
    """

    stride: Any
    padding: Any
    dilation: Any
    groups: int
    padding_mode: str
    kernel_size: Any

    def forward(self, input: Tensor) -> Tensor:
        """Return (N, K, OH, OW) for (N, C, H, W), or (K, OH, OW) for (C, H, W)."""
        from tinytorch.vision.functional import conv2d  # it is there, if its Conv2d was

        if self.input_quantizer is not None:
            input = self.input_quantizer(input)
        padding = self.padding
        if self.padding_mode != "zeros":
            input, padding = pad(input, self._borders(), mode=self.padding_mode), 0
        options = (self.stride, padding, self.dilation, self.groups)
        out: Tensor = conv2d(input, self.weight.dequantize(), self.bias, *options)
        return out

    def _borders(self) -> list[int]:
        widths: list[int] = []
        for i in (1, 0):
            if isinstance(self.padding, str):
                total = self.dilation[i] * (self.kernel_size[i] - 1) if self.padding == "same" else 0
                widths += [total // 2, total - total // 2]
            else:
                widths += [self.padding[i]] * 2
        return widths


class QuantizedEmbedding(QuantizedLayer):
    """An `Embedding` whose table is whole numbers; only the rows that are asked for become floats.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.ao.nn.quantized.Embedding.html
    """

    num_embeddings: int
    embedding_dim: int

    def forward(self, input: Tensor) -> Tensor:
        """Return (*, embedding_dim) for ids of shape (*).

        Raises:
            IndexError: an id is negative, or not below num_embeddings.
            RuntimeError: the ids aren't int64 or int32.
        """
        ids = input.numpy()
        if ids.dtype.kind != "i" or ids.dtype.itemsize < 4:
            raise RuntimeError(f"embedding(): the ids must be int64 or int32, but they are {ids.dtype}")
        rows = self.num_embeddings
        if ids.size and not (ids.min() >= 0 and ids.max() < rows):
            wrong = ids[(ids < 0) | (ids >= rows)].flat[0]
            raise IndexError(
                f"index out of range in self: id {wrong}, but the table has num_embeddings={rows} rows"
            )
        return from_numpy(self.weight.rows(ids))


def layer_for(module: Module) -> type[QuantizedLayer] | None:
    """Return the quantized layer for a module, or None if there is none of its own for its class."""
    kind = type(module)
    if kind is Linear:
        return QuantizedLinear
    if kind is Embedding:
        return QuantizedEmbedding
    if kind.__name__ == "Conv2d" and kind.__module__.startswith("tinytorch.vision."):
        return QuantizedConv2d
    return None
