"""Numbers to vectors: embeddings, and where a token stands."""
