"""The public names, in a process where nothing has been imported before."""

from __future__ import annotations

import subprocess
import sys

import pytest

import backproof


def output_of(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("name", backproof.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(backproof, name) is not None


def test_a_public_function_stays_one_whatever_is_imported_first() -> None:
    code = "import backproof.report, backproof.judge, backproof; print(callable(backproof.check))"
    assert output_of(code) == "True"
    code = "import backproof.witnesses, backproof; print(callable(backproof.error_bound))"
    assert output_of(code) == "True"


def test_importing_it_and_asking_for_help_imports_no_jax_and_no_numpy() -> None:
    code = (
        "import sys, backproof, backproof.cli; backproof.derivation; "
        "print(sorted({'jax', 'numpy'} & set(sys.modules)))"
    )
    assert output_of(code) == "[]"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'chekc'"):
        _ = backproof.chekc  # type: ignore[attr-defined]
