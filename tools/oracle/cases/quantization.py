"""Cases: fake quantization, its gradient included."""

from __future__ import annotations

from ..inputs import T
from ..libraries import FLOATS
from ..table import case, code, error

# Not float64: PyTorch rounds the scale to float32 there. And away from where a number is just between two steps,
# since it computes the quotient in float32, ours in float64.
for shape in ((4,), (), (0,), (2, 3), (2, 0, 3)):
    case("fake_quantize_per_tensor_affine", T(*shape), 0.37, 2, -5, 6, on=("float16", "float32"))
for scale, zero, low, high in ((0.023, 0, -128, 127), (0.011, 128, 0, 255), (1.3, 3, 0, 15), (0.9, 0, 0, 0)):
    case("fake_quantize_per_tensor_affine", T(5, 7), scale, zero, low, high, on=("float32",))
code(
    "t.fake_quantize_per_tensor_affine(input=x, scale=0.3, zero_point=1, quant_min=-4, quant_max=4)",
    x=T(values=[-9.0, -1.4, -0.16, 0.0, 0.16, 0.89, 0.91, 9.0]),
)
code("t.fake_quantize_per_tensor_affine(x, 1.0, 1, -4, 4)", x=T(values=[-5.5, -4.5, -0.5, 0.5, 1.5, 2.5, 3.5, 4.5]))
code("t.fake_quantize_per_tensor_affine(x, t.tensor(0.37), t.tensor(1).to(t.int32), -4, 4)", x=T(3, 4))
code("t.fake_quantize_per_tensor_affine(x, 1.0, 0, -4, 4)", x=T(values=[float("nan"), float("inf"), -float("inf")], grad=False))
error("fake_quantize_per_tensor_affine", T(3), 0.1, 0, 5, 4)
error("fake_quantize_per_tensor_affine", T(3), 0.1, 9, -4, 4)
error("fake_quantize_per_tensor_affine", T(3, dtype="int32"), 0.1, 0, -4, 4)
for axis in (0, 1, -1):
    for scales in ([0.3, 0.07, 1.1], [0.3, 0.2, 0.011]):
        code(
            f"t.fake_quantize_per_channel_affine(x, t.tensor({scales}), t.tensor([0, -2, 3]).to(t.int32), {axis % 2}, -5, 6)",
            x=T(3, 3), on=FLOATS,
        )  # fmt: skip
code(
    "t.fake_quantize_per_channel_affine(input=x, scale=t.tensor([0.3, 0.2]), zero_point=t.tensor([1, 0]).to(t.int32), "
    "axis=1, quant_min=0, quant_max=15)",
    x=T(3, 2, 4),
)
