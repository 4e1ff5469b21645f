"""What the options of several models share."""

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """Options are values: a job keeps them, and equal ones are equal. Unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


class Switch(Options):
    """An option without settings of its own: `{}` turns it on, null leaves it off."""
