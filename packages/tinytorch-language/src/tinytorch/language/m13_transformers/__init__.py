"""Transformers: blocks of attention and MLP, and the GPT that is made of them."""
