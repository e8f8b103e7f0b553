"""The public names of `tinytorch.language.functional`, and the room that each comes from."""
