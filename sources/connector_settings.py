"""Reading `settings` of a description, which only its connector knows, into that connector's own typed object."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from entente.errors import BadInput
from sources.description import SourceDescription

Model = TypeVar("Model", bound=BaseModel)


def read_settings(description: SourceDescription, model: type[Model]) -> Model:
    """Return the settings of a description as an object of the connector's model.

    Raises:
        BadInput: names the file, the key and what is allowed.
    """
    try:
        return model.model_validate(description.settings)
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            place = ".".join(str(key) for key in ("settings", *problem["loc"]))
            message = problem["msg"][:1].lower() + problem["msg"][1:]
            value = "" if problem["type"] in ("missing", "extra_forbidden") else f"{problem['input']!r} is not allowed: "
            lines.append(f"configs/sources/{description.id}.yaml, key {place}: {value}{message}.")
        raise BadInput("\n".join(lines)) from None
