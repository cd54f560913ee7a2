"""The core of dltui: everything that is true without a screen.

Nothing outside `dlcore.training` imports torch.
"""

__version__ = "0.1.0"
