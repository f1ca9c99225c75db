"""The files of Chatterbox's models, each model in a folder of its own.

The multilingual model is installed. The others speak where somebody has put their files beside it: their
names are those of ResembleAI/chatterbox and ResembleAI/chatterbox-turbo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from voicewright.engines.errors import WeightsMissing
from voicewright.engines.port import WeightsFile

if TYPE_CHECKING:
    from pathlib import Path

    from voicewright.plugins.chatterbox.options import ModelName

SEGMENTER: Final = "spacy_ontonotes.zip"
CANGJIE: Final = "Cangjie5_TC.json"
_REVISION: Final = "5bb1f6ee58e50c3b8d408bc82a6d3740c2db6e18"
_TURBO_REVISION: Final = "749d1c1a46eb10492095d68fbcf55691ccf137cd"
_ADDRESS: Final = f"https://huggingface.co/ResembleAI/chatterbox/resolve/{_REVISION}"
ADDRESSES: Final = {
    "multilingual": _ADDRESS,
    "english": _ADDRESS,
    "turbo": f"https://huggingface.co/ResembleAI/chatterbox-turbo/resolve/{_TURBO_REVISION}",
}


def _file(name: str, size_bytes: int, sha256: str = "", url: str = "") -> WeightsFile:
    return WeightsFile(f"multilingual/{name}", url or f"{_ADDRESS}/{name}", sha256, size_bytes)


WEIGHTS: Final = (
    _file("t3_mtl23ls_v2.safetensors", 2_143_989_928),
    _file("s3gen.pt", 1_057_165_844, "9b9ff07e60b20c136e2b1b3d7563a24604e8d2c4c267888d1ee929dd0151d2a3"),
    _file("ve.pt", 5_698_626, "4b16d836bc598509860f6fa068165a8bb5e9ac84f05582dfcf278a5a372879f1"),
    _file(
        "grapheme_mtl_merged_expanded_v1.json",
        69_989,
        "69632f47220a788a52ce2661d096453c5655e9bf25289d89a8d832c46ee07dbf",
    ),
    _file(CANGJIE, 1_920_163, "7073fd9de919443ae88e0bd2449917a65fe54898a4413ed1edcc4b67f28bce8c"),
    _file(
        SEGMENTER,
        0,
        "b216e7f92de7ae285aeab8feba2faa8ea8216e5995ff6fb3d391cc8356db1bfe",
        f"https://github.com/explosion/spacy-pkuseg/releases/download/v0.0.26/{SEGMENTER}",
    ),
)
"""Of the multilingual model, with what cuts Chinese into words."""

FILES: Final = {
    "multilingual": tuple(file.name.partition("/")[2] for file in WEIGHTS),
    "english": ("t3_cfg.safetensors", "s3gen.safetensors", "ve.safetensors", "tokenizer.json"),
    "turbo": (
        "t3_turbo_v1.safetensors",
        "s3gen_meanflow.safetensors",
        "ve.safetensors",
        "vocab.json",
        "merges.txt",
        "added_tokens.json",
        "special_tokens_map.json",
        "tokenizer_config.json",
    ),
}
"""By the model."""


def require_weights(weights_dir: Path, name: ModelName) -> Path:
    """The folder of a model.

    Raises:
        WeightsMissing: names what it lacks, and where that is from.
    """
    folder = weights_dir / name
    absent = [file for file in FILES[name] if not (folder / file).is_file()]
    if not absent:
        return folder
    lack = f"Chatterbox lacks weights of its model {name}: {', '.join(absent)}."
    if name == "multilingual":
        raise WeightsMissing(f"{lack} Get them with: voicewright engines install chatterbox")
    raise WeightsMissing(
        f"{lack} It is not installed by itself: put its files from {ADDRESSES[name]}/ into {folder}, or "
        "clone with the model multilingual."
    )
