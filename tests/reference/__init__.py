"""The reference suite on its own: against itself, finite differences and mpmath. No JAX here."""
