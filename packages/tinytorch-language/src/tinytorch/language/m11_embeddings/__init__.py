"""Numbers to vectors: embeddings, and where a token stands."""

from .embedding import Embedding as Embedding, embedding as embedding
