"""Tensor: arrays of numbers, what can be done with them, and where they come from.

To understand it, read these first: `op.py` (how a function on arrays becomes an operation on tensors),
`tensor.py` (what a tensor is), `math.py` (operations as simple as they come). The rest in any order:

- dtypes.py, convert.py: types of numbers, and the way in from Python and NumPy
- arguments.py: what an operation may be called with
- record.py, views.py: what is noted for gradients, and what in-place changes mean for them
- memory.py, threads.py: the memory of arrays that are gone, kept for those that come; several threads
- functions.py, error_function.py, comparison.py, arithmetic.py: more elementwise operations
- reduce.py, extremes.py, statistics.py: sums, maxima, means, norms
- shape.py, rearrange.py, padding.py: the same numbers in another shape or order
- index.py, gathering.py, accumulate.py, ordering.py: picking elements, placing them, sorting
- linalg.py, contraction.py: matrix products and einsum
- creation.py, generator.py, random.py, distributions.py: new tensors, and chance
- methods_*.py: the same operations as methods of `Tensor`; printing.py: how it shows itself
"""

from . import (
    memory as _memory,  # noqa: F401  (for what it does when it is imported)
    op as _op,  # noqa: F401  (first, because operations and tensors need each other)
)
from .arithmetic import (
    add as add,
    allclose as allclose,
    div as div,
    divide as divide,
    equal as equal,
    is_floating_point as is_floating_point,
    is_tensor as is_tensor,
    result_type as result_type,
    sub as sub,
    subtract as subtract,
    where as where,
)
from .comparison import (
    bitwise_and as bitwise_and,
    bitwise_not as bitwise_not,
    bitwise_or as bitwise_or,
    bitwise_xor as bitwise_xor,
    eq as eq,
    ge as ge,
    gt as gt,
    isclose as isclose,
    isfinite as isfinite,
    isinf as isinf,
    isnan as isnan,
    le as le,
    logical_and as logical_and,
    logical_not as logical_not,
    logical_or as logical_or,
    logical_xor as logical_xor,
    lt as lt,
    masked_fill as masked_fill,
    ne as ne,
)
from .contraction import einsum as einsum
from .creation import (
    arange as arange,
    as_tensor as as_tensor,
    empty as empty,
    empty_like as empty_like,
    eye as eye,
    from_numpy as from_numpy,
    full as full,
    full_like as full_like,
    linspace as linspace,
    ones as ones,
    ones_like as ones_like,
    tensor as tensor,
    zeros as zeros,
    zeros_like as zeros_like,
)
from .distributions import bernoulli as bernoulli, multinomial as multinomial, normal as normal
from .dtypes import (
    bool_ as bool_,
    double as double,
    float16 as float16,
    float32 as float32,
    float64 as float64,
    get_default_dtype as get_default_dtype,
    half as half,
    int8 as int8,
    int16 as int16,
    int32 as int32,
    int64 as int64,
    long as long,
    promote_types as promote_types,
    set_default_dtype as set_default_dtype,
    short as short,
    uint8 as uint8,
)
from .extremes import (
    all as all,
    amax as amax,
    amin as amin,
    any as any,
    argmax as argmax,
    argmin as argmin,
    max as max,
    min as min,
)
from .functions import (
    abs as abs,
    absolute as absolute,
    acos as acos,
    asin as asin,
    atan as atan,
    ceil as ceil,
    cos as cos,
    cosh as cosh,
    erf as erf,
    exp as exp,
    expm1 as expm1,
    floor as floor,
    log as log,
    log1p as log1p,
    log2 as log2,
    log10 as log10,
    neg as neg,
    negative as negative,
    reciprocal as reciprocal,
    round as round,
    rsqrt as rsqrt,
    sign as sign,
    sin as sin,
    sinh as sinh,
    sqrt as sqrt,
    square as square,
    tan as tan,
    tanh as tanh,
    trunc as trunc,
)
from .gathering import (
    gather as gather,
    index_add as index_add,
    index_select as index_select,
    scatter as scatter,
    scatter_add as scatter_add,
    take_along_dim as take_along_dim,
)
from .generator import (
    Generator as Generator,
    default_generator as default_generator,
    initial_seed as initial_seed,
    manual_seed as manual_seed,
    seed as seed,
)
from .linalg import (
    addmm as addmm,
    bmm as bmm,
    dot as dot,
    matmul as matmul,
    mm as mm,
    mv as mv,
    outer as outer,
)
from .math import (
    clamp as clamp,
    clip as clip,
    floor_divide as floor_divide,
    lerp as lerp,
    maximum as maximum,
    minimum as minimum,
    mul as mul,
    multiply as multiply,
    pow as pow,
    remainder as remainder,
    true_divide as true_divide,
)
from .ordering import (
    argsort as argsort,
    masked_select as masked_select,
    nonzero as nonzero,
    one_hot as one_hot,
    sort as sort,
    topk as topk,
    unique as unique,
)
from .padding import pad as pad
from .printing import set_printoptions as set_printoptions
from .random import (
    rand as rand,
    rand_like as rand_like,
    randint as randint,
    randint_like as randint_like,
    randn as randn,
    randn_like as randn_like,
    randperm as randperm,
)
from .rearrange import (
    cat as cat,
    chunk as chunk,
    concat as concat,
    diag as diag,
    flip as flip,
    meshgrid as meshgrid,
    roll as roll,
    split as split,
    stack as stack,
    tile as tile,
    tril as tril,
    triu as triu,
    unbind as unbind,
)
from .reduce import (
    cumprod as cumprod,
    cumsum as cumsum,
    logsumexp as logsumexp,
    mean as mean,
    prod as prod,
    sum as sum,
)
from .shape import (
    broadcast_to as broadcast_to,
    clone as clone,
    diagonal as diagonal,
    flatten as flatten,
    movedim as movedim,
    numel as numel,
    permute as permute,
    reshape as reshape,
    squeeze as squeeze,
    transpose as transpose,
    unflatten as unflatten,
    unsqueeze as unsqueeze,
)
from .statistics import (
    bincount as bincount,
    count_nonzero as count_nonzero,
    norm as norm,
    std as std,
    var as var,
)
from .tensor import Tensor as Tensor

bool = bool_  # the public name, which would hide Python's own inside dtypes.py
