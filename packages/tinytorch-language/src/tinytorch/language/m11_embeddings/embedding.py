"""The embedding: a layer that looks up rows of a table."""

from __future__ import annotations

from typing import Any, Self

from tinytorch.core import Module, Parameter, Tensor, empty, init, mark_changed

from .lookup import embedding, row_of_padding


class Embedding(Module):
    """A table with a row of numbers to learn for each id.

    Weights start normal, with mean 0 and standard deviation 1; the row of `padding_idx` starts at zero.

    Args:
        num_embeddings: the number of rows, so ids go from 0 to `num_embeddings - 1`.
        embedding_dim: the numbers in a row.
        padding_idx: a row that doesn't learn, for ids that fill up short sequences; negative counts from
            the end.
        max_norm: shorten rows that are used and longer than this, in place, before they are used.
        norm_type: which norm `max_norm` means.
        scale_grad_by_freq: divide the gradient of a row by the number of times that it is used.
        dtype: of the table; left out, the default dtype.

    Raises:
        AssertionError: `padding_idx` isn't a row of the table.

    Examples:
        >>> table = language.Embedding(1000, 64)
        >>> table(tt.tensor([[1, 7, 7], [0, 2, 999]])).shape
        (2, 3, 64)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html
    """

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        *,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = row_of_padding(padding_idx, num_embeddings)
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        if _weight is None:
            self.weight = Parameter(empty(num_embeddings, embedding_dim, dtype=dtype), not _freeze)
            self.reset_parameters()
        else:
            if _weight.shape != (num_embeddings, embedding_dim):
                raise AssertionError(
                    f"Shape of weight does not match num_embeddings and embedding_dim: "
                    f"{_weight.shape} instead of {(num_embeddings, embedding_dim)}"
                )
            self.weight = Parameter(_weight, not _freeze)

    def reset_parameters(self) -> None:
        """Draw the table anew."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            table = self.weight.detach().numpy()
            table[self.padding_idx] = 0
            mark_changed(table)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
    ) -> Self:
        """Make an Embedding of a table that exists, sharing its memory.

        Args:
            embeddings: the table, (num_embeddings, embedding_dim).
            freeze: don't let it learn.
            padding_idx: as of the class.
            max_norm: as of the class.
            norm_type: as of the class.
            scale_grad_by_freq: as of the class.

        Raises:
            AssertionError: `embeddings` isn't a matrix.
        """
        if embeddings.ndim != 2:
            raise AssertionError(
                f"Embeddings parameter is expected to be 2-dimensional, but its shape is {embeddings.shape}"
            )
        rows, width = embeddings.shape
        options = (padding_idx, max_norm, norm_type, scale_grad_by_freq)
        return cls(rows, width, *options, _weight=embeddings, _freeze=freeze)

    def forward(self, input: Tensor) -> Tensor:
        """Return (*, embedding_dim) for ids of shape (*)."""
        return embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq
        )

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.padding_idx is not None:
            text += f", padding_idx={self.padding_idx}"
        if self.max_norm is not None:
            text += f", max_norm={self.max_norm}"
        if self.norm_type != 2:
            text += f", norm_type={self.norm_type}"
        if self.scale_grad_by_freq:
            text += ", scale_grad_by_freq=True"
        return text
