import os
from types import TracebackType

import pytest
import torch
from torch import nn

from dlcore.training.faults import described, is_installed


class Mine(nn.Module):
    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return nn.Linear(9, 2).forward(values)


def _raised(*, by: nn.Module) -> RuntimeError:
    with pytest.raises(RuntimeError) as caught:
        by(torch.zeros(1, 3))
    return caught.value


def _below(error: BaseException) -> TracebackType:
    assert error.__traceback__ is not None
    assert error.__traceback__.tb_next is not None
    return error.__traceback__.tb_next


def test_the_line_is_the_innermost_of_the_user_s_own() -> None:
    line = Mine.forward.__code__.co_firstlineno + 1
    assert described(_raised(by=Mine())).endswith(f"(1x3 and 9x2), in test_faults.py line {line}")


def test_where_no_line_is_the_user_s_own_the_layer_is_named() -> None:
    error = _raised(by=nn.Sequential(nn.Flatten(), nn.Linear(9, 2)))
    outside = error.with_traceback(_below(error).tb_next)
    assert described(outside).endswith("(1x3 and 9x2), in Linear(in_features=9, out_features=2, bias=True)")


def test_exceptions_that_were_never_raised_have_no_place() -> None:
    assert described(ValueError("a\n\x1b[1m b.")) == r"ValueError: a \x1b[1m b"
    assert described(KeyError()) == "KeyError"
    assert described(ValueError("x" * 400)) == f"ValueError: {'x' * 300}…"


def test_a_fault_of_syntax_is_where_the_parser_stopped() -> None:
    with pytest.raises(SyntaxError) as caught:
        compile("x = (\n", "/home/me/mine.py", "exec")
    assert described(caught.value) == "SyntaxError: '(' was never closed, in mine.py line 1"
    with pytest.raises(SyntaxError) as caught:
        compile("x = (\n", "<string>", "exec")
    assert ", in test_faults.py line " in described(caught.value)


def test_what_is_installed_is_nobody_s_own() -> None:
    assert nn.__file__ is not None
    for file in (nn.__file__, pytest.__file__, os.__file__, described.__code__.co_filename, "<frozen os>"):
        assert is_installed(file)
    assert is_installed("/elsewhere/lib64/python3.11/site-packages/torch/nn/modules/linear.py")
    assert not is_installed(__file__)
