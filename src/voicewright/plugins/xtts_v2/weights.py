"""The published weights, read without running what is in them, and never changed.

The library's own loader writes a checkpoint of the published form back to disk in another form, after which
no checksum fits. So the files are read here.
"""

from __future__ import annotations

import hashlib
import zipfile
from typing import TYPE_CHECKING, Any, Final

import torch

from voicewright.engines.errors import WeightsDamaged, WeightsMissing
from voicewright.plugins.xtts_v2.coqui import VoiceBpeTokenizer, XttsConfig, safe_globals

if TYPE_CHECKING:
    from pathlib import Path

CONFIG: Final = "config.json"
VOCABULARY: Final = "vocab.json"
MODEL: Final = "model.pth"
CODEC: Final = "dvae.pth"
NORMS: Final = "mel_stats.pth"

_GET: Final = "Fetch it again with: voicewright engines install xtts-v2"
_WRAPPERS: Final = ("gpt.gpt_inference.", "gpt.gpt.wte.")
"""Parts of the network that a checkpoint may name a second time."""
_OUT_OF_MEMORY: Final = "can't allocate memory"

State = dict[str, torch.Tensor]


class Weights:
    """A folder of weights.

    Args:
        folder: with the files of the plugin's description; None: nothing is installed.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def path(self, name: str) -> Path:
        """Where a file is.

        Raises:
            WeightsMissing: it is not there.
        """
        path = None if self._folder is None else self._folder / name
        if path is None or not path.is_file():
            raise WeightsMissing(f"XTTS-v2 lacks {name} of its weights. {_GET}")
        return path

    def identity(self) -> str:
        """What tells these weights from others; quick, as the large file counts with its size only."""
        digest = hashlib.sha256()
        for name in (CONFIG, VOCABULARY):
            digest.update(self.path(name).read_bytes())
        digest.update(str(self.path(MODEL).stat().st_size).encode())
        return digest.hexdigest()

    def config(self) -> XttsConfig:
        """How the network is built.

        Raises:
            WeightsMissing, WeightsDamaged: names the file.
        """
        return read_config(self.path(CONFIG))

    def state(self) -> State:
        """The numbers of the network, by the names that inference knows.

        Raises:
            WeightsMissing, WeightsDamaged: names the file.
        """
        loaded = self.load(MODEL)
        model = loaded.get("model") if isinstance(loaded, dict) else None
        if not isinstance(model, dict):
            raise self._damaged(MODEL, "there is no network in it")
        named = {str(name).removeprefix("xtts."): each for name, each in model.items()}
        # a checkpoint of the library's trainer has its tools in it as well
        return {
            name: each
            for name, each in named.items()
            if not name.startswith(_WRAPPERS)
            and name.split(".")[0] in {"gpt", "hifigan_decoder", "mel_stats"}
        }

    def load(self, name: str) -> Any:
        """What torch kept in a file.

        Raises:
            WeightsMissing, WeightsDamaged: names the file.
        """
        path = self.path(name)
        try:
            with safe_globals():
                return torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
        except MemoryError:
            raise
        except Exception as error:  # torch, zip and pickle have many ways to say it
            if _OUT_OF_MEMORY in str(error):
                raise
            raise self._damaged(name, str(error).splitlines()[0] if str(error) else "") from error

    def check_fit(self, name: str, network: torch.nn.Module, state: State) -> None:
        """Put numbers into a network.

        Raises:
            WeightsDamaged: they do not fit.
        """
        try:
            network.load_state_dict(state, strict=True)
        except (RuntimeError, TypeError, AttributeError) as error:
            if _OUT_OF_MEMORY in str(error):
                raise
            raise self._damaged(name, " ".join(str(error).split())[:300]) from error

    def _damaged(self, name: str, why: str) -> WeightsDamaged:
        return WeightsDamaged(f"{self.path(name)} is damaged ({why}). {_GET}")


def read_config(path: Path) -> XttsConfig:
    """Read how a network is built.

    Raises:
        WeightsDamaged: it can't be read.
    """
    config = XttsConfig()
    try:
        config.load_json(str(path))
    except Exception as error:  # JSON, types and names, each with errors of its own
        raise WeightsDamaged(f"{path} is damaged ({error}). {_GET}") from error
    return config


def read_tokenizer(path: Path) -> VoiceBpeTokenizer:
    """Read what turns texts into tokens.

    Raises:
        WeightsDamaged: it can't be read.
    """
    try:
        return VoiceBpeTokenizer(str(path))
    except Exception as error:  # what the library's Rust raises has no class of its own
        raise WeightsDamaged(f"{path} is damaged ({error}). {_GET}") from error
