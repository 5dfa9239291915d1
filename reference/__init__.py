"""What a person derives: the models by hand, in NumPy alone.

Each module has its derivation on paper beside it, under the same name with `.md`. Nothing here
imports JAX or anything of the rest of the package: its independence is what makes it a witness.
"""
