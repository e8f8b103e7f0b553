"""Quantization: weights of eight and four bits that really are.

To understand it, read these first: `ranges.py` (from a range to a scale and a zero-point),
`quantized_tensor.py` and `rounding.py` (whole numbers and what they mean, from floats), `model.py` (whole
models). Then

- dtypes.py, calibration.py: the kinds of whole numbers, and how they are packed; which range is cut
- observers.py, activations.py, integer.py: rounding what flows through a model, and products of whole numbers
- recipe.py, holding.py, layers.py: the options of a model, how modules hold parameters, and layers
- fake.py, training.py: training with rounding in view
- files.py, contents.py: a quantized model in a file
"""

from .dtypes import (
    QuantizedDtype as QuantizedDtype,
    qint4x2 as qint4x2,
    qint8 as qint8,
    quint4x2 as quint4x2,
    quint8 as quint8,
)
from .fake import (
    FakeQuantize as FakeQuantize,
    fake_quantize_per_channel_affine as fake_quantize_per_channel_affine,
    fake_quantize_per_tensor_affine as fake_quantize_per_tensor_affine,
)
from .files import (
    QuantizedFileError as QuantizedFileError,
    load_quantized as load_quantized,
    save_quantized as save_quantized,
)
from .integer import integer_linear as integer_linear
from .layers import (
    QuantizedConv2d as QuantizedConv2d,
    QuantizedEmbedding as QuantizedEmbedding,
    QuantizedLinear as QuantizedLinear,
)
from .model import model_nbytes as model_nbytes, quantize as quantize
from .observers import (
    MinMaxObserver as MinMaxObserver,
    MovingAverageMinMaxObserver as MovingAverageMinMaxObserver,
    PerChannelMinMaxObserver as PerChannelMinMaxObserver,
)
from .quantized_tensor import QuantizedTensor as QuantizedTensor
from .rounding import (
    quantize_per_channel as quantize_per_channel,
    quantize_per_tensor as quantize_per_tensor,
    quantize_tensor as quantize_tensor,
)
from .sampling import MSEObserver as MSEObserver, PercentileObserver as PercentileObserver
from .training import convert as convert, prepare as prepare, prepare_qat as prepare_qat
