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
from mien.models.burst import BurstPrediction
from mien.models.face import FacePrediction
from mien.models.facemesh import FaceMeshPrediction
from mien.models.language import LanguagePrediction
from mien.models.ner import NerPrediction
from mien.models.prosody import ProsodyPrediction
from mien.settings import Settings
from mien.types import Box, FileMeasurement, Group, Interval, Measured, Metadata, Prediction, Problem, Scores

__all__ = [
    "Box",
    "BurstPrediction",
    "EngineError",
    "EngineMissing",
    "FaceMeshPrediction",
    "FacePrediction",
    "FileMeasurement",
    "Group",
    "Interval",
    "LanguagePrediction",
    "Measured",
    "Measurement",
    "MediaError",
    "Metadata",
    "MienError",
    "NerPrediction",
    "Prediction",
    "Problem",
    "ProsodyPrediction",
    "RequestError",
    "Scores",
    "Settings",
    "measure",
]
__version__ = "0.1.0"
