"""Results and figures of Popshot, neural mass models that know how many neurons they stand for.

The simulations and the theory are C++ (the ``popshot`` command); this package opens what they write and draws it.
Bindings to the C++ library will join it here.
"""

from popshot.plotting import figure, save
from popshot.results import open_result

__all__ = ["figure", "open_result", "save"]
__version__ = "0.1.0"
