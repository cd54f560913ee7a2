"""A real log of a real run, made once."""

import pytest

from tests.dlcore.trained import Trained, train


@pytest.fixture(scope="session")
def real_run(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Six epochs of two steps, with evaluations and gradients. Its files must not be changed."""
    home = tmp_path_factory.mktemp("real")
    return train(home, "digits mlp 8,8 momentum n=64 b=32 e=6")
