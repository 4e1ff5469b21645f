"""mien measures expression in faces, voices and texts, on your own machine."""

import os
import signal
import sys

# the command line takes a second to import: until `main` can catch Ctrl-C, it ends it without a traceback
if (sys.orig_argv[1:3] == ["-m", "mien"] or os.path.basename(sys.argv[0]) == "mien") and (
    signal.getsignal(signal.SIGINT) is signal.default_int_handler  # not where it is to be ignored
):
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))

from mien.door import Measurement, measure
from mien.errors import EngineError, EngineMissing, MediaError, MienError, RequestError
from mien.settings import Settings
from mien.types import FileMeasurement, Group, Interval, Measured, Prediction, Problem, Scores

__all__ = [
    "EngineError",
    "EngineMissing",
    "FileMeasurement",
    "Group",
    "Interval",
    "Measured",
    "Measurement",
    "MediaError",
    "MienError",
    "Prediction",
    "Problem",
    "RequestError",
    "Scores",
    "Settings",
    "measure",
]
__version__ = "0.1.0"
