"""mien measures expression in faces, voices and texts, on your own machine."""

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
