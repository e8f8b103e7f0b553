"""Making tensors from data and patterns: values, dtypes, sharing of memory, and bad input."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp
from tinytorch.core import (
    Tensor,
    arange,
    as_tensor,
    bool as bool_,
    empty,
    empty_like,
    eye,
    float16,
    float32,
    float64,
    from_numpy,
    full,
    full_like,
    int8,
    int32,
    int64,
    linspace,
    ones,
    ones_like,
    set_default_dtype,
    tensor,
    uint8,
    zeros,
    zeros_like,
)


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1, int64),
        (1.5, float32),
        (True, bool_),
        ([1, 2], int64),
        ([1, 2.5], float32),
        ([True, False], bool_),
        ([True, 2], int64),
        ([True, 2.5], float32),
        ([], float32),
        ([[], []], float32),
        (range(3), int64),
        ((1, (2)), int64),
        (np.float64(1.5), float64),
        ([np.float64(1.5)], float64),
        ([np.int32(1), np.int32(2)], int32),
        (np.array([1, 2], dtype=np.int8), int8),
        (np.array([1.0, 2.0]), float64),
        ([np.array([1.0, 2.0]), np.array([3.0, 4.0])], float64),
    ],
)
def test_tensor_infers_the_dtype(data, dtype):
    x = tensor(data)
    assert x.dtype == dtype
    np.testing.assert_array_equal(x.numpy(), np.array(data))


def test_tensors_within_lists():
    x = tensor([[tensor(1), tensor(2.5)], [3, tensor([4.0])]])
    assert x.dtype == float32
    assert x.tolist() == [[1.0, 2.5], [3.0, 4.0]]
    with pytest.raises(ValueError, match=r"one element tensors.*stack"):
        tensor([tensor([1.0, 2.0]), tensor([3.0, 4.0])])


def test_floats_become_the_default_dtype():
    set_default_dtype(float64)
    try:
        for x in (tensor([1.5]), Tensor([1]), zeros(2), ones(2), full((2,), 0.5), arange(2.0), eye(2)):
            assert x.dtype == float64
    finally:
        set_default_dtype(float32)
    assert zeros(2).dtype == float32


def test_tensor_copies_and_converts():
    array = np.arange(3.0)
    x = tensor(array, dtype=float32, requires_grad=True)
    array[0] = 9
    assert x.tolist() == [0.0, 1.0, 2.0]
    assert x.dtype == float32
    assert x.requires_grad
    assert x.is_leaf
    y = tensor(x)
    assert not np.shares_memory(x.array, y.array)
    assert not y.requires_grad
    assert tensor([1.7, -1.7], dtype=int64).tolist() == [1, -1]
    assert tensor([0, 2], dtype=bool_).tolist() == [False, True]
    assert tensor(-1, dtype=uint8).item() == 255
    assert tensor([1e30], dtype=float16).item() == np.inf
    assert tensor(10**30, dtype=float32).item() == np.float32(1e30)
    assert tensor(np.array([1.0], dtype=">f4")).numpy().dtype.isnative


@pytest.mark.parametrize(
    ("data", "error", "text"),
    [
        ([[1], [2, 3]], ValueError, "expected sequence of length 1 at dim 1 .got 2."),
        ([[[1, 2]], [[3]]], ValueError, "expected sequence of length 2 at dim 2 .got 1."),
        ([np.zeros((2, 3)), np.zeros((2, 4))], ValueError, "length 3 at dim 2 .got 4."),
        ([[1], 2], TypeError, "not a sequence"),
        ([1, [2]], TypeError, "not a sequence"),
        ([[1], [[2]]], TypeError, "not a sequence: .* more deeply"),
        ("abc", TypeError, "invalid data type 'str'"),
        (b"abc", TypeError, "invalid data type 'bytes'"),
        (["a"], ValueError, "too many dimensions 'str'"),
        (None, RuntimeError, "Could not infer dtype of NoneType"),
        ([1, None], RuntimeError, "Could not infer dtype of NoneType"),
        ({1: 2}, RuntimeError, "Could not infer dtype of dict"),
        (1j, RuntimeError, "Could not infer dtype of complex"),
        (2**63, ValueError, "Overflow"),
        ([2**63], ValueError, "Overflow"),
        (np.array(["a"]), TypeError, "can't convert np.ndarray of type"),
        (np.array([None]), TypeError, "can't convert np.ndarray of type object"),
        (np.array([1], dtype=np.uint16), TypeError, "supported types are: .*float32"),
    ],
)
def test_bad_data_is_refused(data, error, text):
    with pytest.raises(error, match=text):
        tensor(data)


def test_values_that_the_dtype_cannot_hold():
    for data, dtype in [(300, uint8), (-129, int8), (float("nan"), int64), ([1.0, 1e30], int32)]:
        with pytest.raises(RuntimeError, match=r"cannot be converted to type .* without overflow"):
            tensor(data, dtype=dtype)
    with pytest.raises(RuntimeError, match="floating point"):
        tensor([1], requires_grad=True)
    with pytest.raises(TypeError, match="must be bool, not float"):
        tensor([1.0], requires_grad=1.5)
    with pytest.raises(TypeError, match="supported are"):
        tensor([1], dtype=np.complex64)


def test_tensor_class():
    assert Tensor([1, 2]).dtype == float32
    assert Tensor([True]).tolist() == [1.0]
    assert Tensor(np.array([1, 2])).dtype == float32
    assert Tensor(tensor([1, 2])).dtype == int64
    x = tensor([1.0], requires_grad=True)
    assert np.shares_memory(Tensor(x).array, x.array)
    assert not Tensor(x).requires_grad
    assert Tensor().shape == (0,)
    with pytest.raises(TypeError, match="NoneType"):
        Tensor([None])
    assert Tensor(5).shape == (5,)
    assert Tensor(2, 3).shape == (2, 3)
    assert Tensor((2, 3)).tolist() == [2.0, 3.0]
    for bad in (5.0, True, None, "ab", np.float32(2)):
        with pytest.raises(TypeError, match=r"new\(\)"):
            Tensor(bad)
    with pytest.raises(ValueError, match="expected sequence of length 1 at dim 1"):
        Tensor([[1], [2, 3]])
    with pytest.raises(RuntimeError, match="non-negative"):
        Tensor(-1)
    with pytest.raises(TypeError, match="must be ints"):
        Tensor(2, 2.5)


@settings(deadline=None)
@given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=0, min_side=0), elements=st.floats(-10, 10)))
def test_nested_lists_come_back(array):
    assert tensor(array.tolist(), dtype=float64).tolist() == array.tolist()
    assert tensor(array).shape == array.shape


def test_from_numpy_shares_memory():
    array = np.zeros((2, 3), dtype=np.float32)
    x = from_numpy(array)
    array[0, 0] = 1
    x[1] = 2.0
    assert x[0, 0].item() == 1
    assert array[1].tolist() == [2.0, 2.0, 2.0]
    assert from_numpy(array[::-1, ::2]).tolist() == [[2.0, 2.0], [1.0, 0.0]]


def test_from_numpy_refuses():
    for bad in ([1], np.float32(1), None):
        with pytest.raises(TypeError, match=r"expected np\.ndarray"):
            from_numpy(bad)
    with pytest.raises(TypeError, match="can't convert"):
        from_numpy(np.array(["a"]))
    swapped = np.array([1.0], dtype=np.dtype(np.float32).newbyteorder("S"))
    with pytest.raises(ValueError, match="byte order"):
        from_numpy(swapped)


def test_read_only_arrays_are_shared_but_not_changed():
    array = np.arange(3.0)
    array.flags.writeable = False
    x = from_numpy(array)
    assert np.shares_memory(x.array, array)
    for change in (lambda: x.add_(1), lambda: x.zero_(), lambda: x.__setitem__(0, 1.0), lambda: x.exp_()):
        with pytest.raises(RuntimeError, match="read-only"):
            change()
    assert array.tolist() == [0.0, 1.0, 2.0]


def test_as_tensor_shares_what_it_can():
    array, x = np.arange(3.0), tensor([1.0])
    assert as_tensor(x) is x
    assert as_tensor(x, dtype=float64).dtype == float64
    assert np.shares_memory(as_tensor(array).array, array)
    assert not np.shares_memory(as_tensor(array, dtype=float32).array, array)
    assert as_tensor([1, 2]).dtype == int64


@pytest.mark.parametrize("make", [zeros, ones, empty])
def test_sizes(make):
    for x in (make(2, 3), make((2, 3)), make([2, 3]), make(size=(2, 3)), make(np.int64(2), tensor(3))):
        assert x.shape == (2, 3)
        assert x.dtype == float32
    assert make(()).shape == ()
    assert make(0, 2).shape == (0, 2)
    assert make(2, dtype=int32).dtype == int32
    assert make(2, requires_grad=True).requires_grad
    for bad in (2.0, "a", True, None, (2, 3.0)):
        with pytest.raises(TypeError, match="must be ints"):
            make(bad)
    with pytest.raises(TypeError, match="missing"):
        make()
    with pytest.raises(TypeError, match="must be ints"):
        make((2,), (3,))
    with pytest.raises(TypeError, match="multiple values"):
        make(2, size=(3,))
    with pytest.raises(RuntimeError, match="non-negative"):
        make(-1)
    with pytest.raises(RuntimeError, match="floating point"):
        make(2, dtype=int64, requires_grad=True)


def test_patterns():
    assert zeros(2).tolist() == [0.0, 0.0]
    assert ones(2, dtype=int64).tolist() == [1, 1]
    assert eye(2, 3).tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    assert eye(2, dtype=bool_).tolist() == [[True, False], [False, True]]
    assert [full((2,), v).dtype for v in (1, 1.5, True, tensor(2.5))] == [int64, float32, bool_, float32]
    assert full((2,), 2.5, dtype=int64).tolist() == [2, 2]
    with pytest.raises(TypeError, match="tuple of ints"):
        full(3, 1.0)
    with pytest.raises(TypeError, match="fill_value"):
        full((3,), "a")
    with pytest.raises(RuntimeError, match="overflow"):
        full((3,), 300, dtype=uint8)


def test_arange():
    assert arange(3).tolist() == [0, 1, 2]
    assert arange(3).dtype == int64
    assert arange(1, 4).tolist() == [1, 2, 3]
    assert arange(3, 0, -1).tolist() == [3, 2, 1]
    assert arange(end=2).tolist() == [0, 1]
    assert arange(0, 5, 2.5).tolist() == [0.0, 2.5]
    assert arange(3, dtype=float64).dtype == float64
    assert arange(tensor(3)).tolist() == [0, 1, 2]
    assert arange(0).shape == (0,)
    tenths = arange(0, 1, 0.1)
    assert tenths.dtype == float32
    np.testing.assert_array_equal(tenths.numpy(), (np.arange(10) * 0.1).astype(np.float32))
    for args, text in [
        ((3, 0), "inconsistent"),
        ((0, 3, 0), "nonzero"),
        ((float("inf"),), "unsupported range"),
    ]:
        with pytest.raises(RuntimeError, match=text):
            arange(*args)
    with pytest.raises(TypeError, match="must be a number"):
        arange("a")


def test_linspace():
    assert linspace(0, 1, 5).tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert linspace(0, 10, 4, dtype=int64).tolist() == [0, 3, 6, 10]
    assert linspace(5, 10, 1).tolist() == [5.0]
    assert linspace(5, 10, 0).shape == (0,)
    with pytest.raises(RuntimeError, match="non-negative"):
        linspace(0, 1, -1)
    with pytest.raises(TypeError, match="must be ints"):
        linspace(0, 1, 2.5)


def test_like():
    x = tensor([[1, 2, 3]], dtype=int32)
    assert zeros_like(x).tolist() == [[0, 0, 0]]
    assert ones_like(x).dtype == int32
    assert ones_like(x, dtype=float64).dtype == float64
    assert full_like(x, 2.5).tolist() == [[2, 2, 2]]
    assert full_like(x, 2.5, dtype=float32, requires_grad=True).requires_grad
    assert empty_like(x).shape == (1, 3)
    assert zeros_like(ones(2, 3).T).shape == (3, 2)
    for make in (zeros_like, ones_like, empty_like):
        with pytest.raises(TypeError, match="must be Tensor, not list"):
            make([1])


def test_new():
    x = zeros(3, dtype=float64)
    assert x.new_tensor([1, 2]).dtype == float64
    assert x.new_zeros(2, 3).shape == (2, 3)
    assert x.new_ones((2,)).tolist() == [1.0, 1.0]
    assert x.new_full((2,), 5).dtype == float64
    assert x.new_empty(2, dtype=int64).dtype == int64
    assert x.new_zeros(2, requires_grad=True).requires_grad
