# What `dlcore` gives to scripts, with its types: the module itself imports no torch.
from dlcore.errors import StopTraining as StopTraining
from dlcore.training.watching import watch as watch

__version__: str
