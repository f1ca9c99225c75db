"""Brings the training options of the command line under the names that an engine gives them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from voicewright.engines.errors import OptionsInvalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from voicewright.engines.port import EngineInfo

SPELLINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "epochs": ("epochs", "max_epochs"),
    "batch_size": ("batch_size",),
    "learning_rate": ("learning_rate",),
    "validation_split": ("validation_split",),
    "patience": ("patience", "early_stopping_patience"),
    "max_time": ("max_time_s", "max_time"),
    "seed": ("seed",),
}
"""The options that have a name of their own on the command line, and how engines spell them."""


def gather_options(info: EngineInfo, named: Mapping[str, Any], others: Iterable[str]) -> dict[str, Any]:
    """Merge `--epochs 5` and the like with `--option key=value`; the engine's model has the last word later.

    Values of `key=value` are read as JSON where they are JSON (numbers, true, null), and as text otherwise.

    Raises:
        OptionsInvalid: an option that the engine does not have, or one without a value.
    """
    fields = info.options.model_fields
    options: dict[str, Any] = {}
    for name, value in named.items():
        if value is None:
            continue
        spelling = next((one for one in SPELLINGS[name] if one in fields), None)
        if spelling is None:
            known = ", ".join(fields) or "none"
            flag = "--" + name.replace("_", "-")
            raise OptionsInvalid(f"The engine {info.title} has no option {flag}. Its options: {known}.")
        options[spelling] = value
    for pair in others:
        key, equals, text = pair.partition("=")
        if not equals or not key.strip():
            raise OptionsInvalid(f"--option {pair}: give it as key=value, for example --option seed=1.")
        options[key.strip().replace("-", "_")] = _read(text.strip())
    return options


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
