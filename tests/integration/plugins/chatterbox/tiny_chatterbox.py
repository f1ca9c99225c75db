"""Chatterbox's models with random weights, small enough for a test; runs in the engine's own environment.

    python tiny_chatterbox.py FOLDER    writes weights
    tiny_chatterbox:TinyChatterbox      the engine, for such weights

Every class is the library's own, built by its own `from_local`; only their sizes differ. The library gives
most of them no way to say a size (S3Gen would have 264 million numbers, and take more than a minute for a
second of sound), so the names that it builds them by are bound to smaller ones here, before any is built.
What the models say is noise; how long they say it is set: from `SOUNDS` on, the likeliest sound is the end.
"""

from __future__ import annotations

import functools
import json
import resource
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from tokenizers.models import BPE

from voicewright.plugins.chatterbox import library
from voicewright.plugins.chatterbox.engine import ChatterboxEngine
from voicewright.plugins.chatterbox.weights import CANGJIE, SEGMENTER

SOUNDS = 14
"""25 a second."""
_WIDTH = 64
_END, _ANY = 6562, 100
_LANGUAGES = ("en", "de", "zh", "ja", "ko", "he", "ru")


def _shrink() -> None:
    from chatterbox.models.s3gen import hifigan, s3gen
    from chatterbox.models.s3gen.transformer import upsample_encoder
    from chatterbox.models.t3 import llama_configs
    from chatterbox.models.t3.inference import alignment_stream_analyzer
    from chatterbox.models.t3.modules import cond_enc
    from s3tokenizer.model_v2 import S3TokenizerV2

    def smaller(module: Any, name: str, **sizes: Any) -> None:
        original = getattr(module, name)
        setattr(module, name, lambda *args, **given: original(*args, **{**given, **sizes}))

    llama_configs.LLAMA_520M_CONFIG_DICT.update(
        hidden_size=_WIDTH,
        intermediate_size=_WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=32,
    )
    llama_configs.GPT2_MEDIUM_CONFIG.update(hidden_size=_WIDTH, n_embd=_WIDTH, n_head=2, n_layer=2)
    alignment_stream_analyzer.LLAMA_ALIGNED_HEADS[:] = [(0, 0), (1, 1)]
    cond_enc.Perceiver = functools.partial(cond_enc.Perceiver, 32, _WIDTH, _WIDTH, 2)
    # its subclass keeps the size that it is given to itself
    for name, size in {"n_audio_state": 128, "n_audio_head": 2, "n_audio_layer": 1}.items():
        setattr(S3TokenizerV2.__init__.__defaults__[0], name, size)
    smaller(s3gen, "CAMPPlus", growth_rate=4, init_channels=16)
    smaller(upsample_encoder, "PreLookaheadLayer", channels=_WIDTH)
    smaller(upsample_encoder, "Upsample1D", channels=_WIDTH, out_channels=_WIDTH)
    smaller(
        s3gen,
        "UpsampleConformerEncoder",
        input_size=_WIDTH,
        output_size=_WIDTH,
        attention_heads=2,
        linear_units=_WIDTH,
        num_blocks=1,
    )
    smaller(s3gen, "CausalMaskedDiffWithXvec", input_size=_WIDTH)
    smaller(
        s3gen,
        "ConditionalDecoder",
        channels=[32],
        attention_head_dim=16,
        n_blocks=1,
        num_mid_blocks=1,
        num_heads=2,
    )
    smaller(s3gen, "HiFTGenerator", base_channels=32)
    smaller(s3gen, "ConvRNNF0Predictor", cond_channels=16)
    assert hifigan.HiFTGenerator is not s3gen.HiFTGenerator


_shrink()


class TinyChatterbox(ChatterboxEngine):
    """The engine itself: what differs is how large the library builds its networks."""

    def synthesize(self, request: Any, context: Any) -> Any:
        """Speak, and see that the hooks that the library leaves behind for each sentence are gone."""
        yield from super().synthesize(request, context)
        network = self._loaded._library.t3.tfmr
        left = [
            hook
            for layer in getattr(network, "layers", ())
            for hook in layer.self_attn._forward_hooks.values()
            if "AlignmentStreamAnalyzer" in hook.__qualname__
        ]
        if left:
            raise RuntimeError(f"{len(left)} hooks are left")

    def clone(self, request: Any, context: Any) -> Any:
        """Clone; where the voice is called `starved`, it needs more memory than there is once it listens.

        A whole gigabyte, by torch: of the last few megabytes a library in C might be the first to want
        some, and abort the process.
        """
        if request.name == "starved":
            model = self._model("multilingual")
            listen = model.listen

            def starve(*given: Any) -> Any:
                pages = int(Path("/proc/self/statm").read_text().split()[0])
                limit = pages * resource.getpagesize() + 200_000_000
                resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
                return torch.empty(1 << 28), listen(*given)

            model.listen = starve
        return super().clone(request, context)


def _write_tokenizer(path: Path, *, gpt2: bool = False) -> None:
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,!?'-"
    special = ["[STOP]", "[UNK]", "[SPACE]", *(f"[{each}]" for each in _LANGUAGES)]
    vocabulary = {name: number for number, name in enumerate([*special, *letters])}
    vocabulary |= {f"[{number}]": number for number in range(len(vocabulary), 255)}
    vocabulary["[START]"] = 255
    if gpt2:
        byte_letters = {**{each: number for number, each in enumerate([*letters, "Ġ"])}, "<|endoftext|>": 90}
        (path / "vocab.json").write_text(json.dumps(byte_letters))
        (path / "merges.txt").write_text("#version: 0.2\n")
        (path / "added_tokens.json").write_text("{}")
        (path / "special_tokens_map.json").write_text(json.dumps({"eos_token": "<|endoftext|>"}))
        (path / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "GPT2Tokenizer"}))
        return
    tokenizer = Tokenizer(BPE(vocabulary, [], unk_token="[UNK]"))  # noqa: S106 - of a text
    tokenizer.add_special_tokens([*special, "[START]"])
    tokenizer.save(str(path))


def _tame(t3: Any) -> None:
    """The further it is, the likelier the end, and next to it one sound.

    Twice the same sound is an end, too, where the library forbids the end before all of the text was read.
    """
    with torch.no_grad():
        for parameter in t3.parameters():
            parameter.mul_(0.3)
        for name, parameter in t3.named_parameters():
            if "norm" in name and name.endswith("weight"):
                parameter.fill_(1.0)
        head = t3.speech_head.weight
        head.copy_(torch.randn_like(head) * 0.3)
        head[:, 0] = 0.0
        head[_END, 0], head[_ANY, 0] = 30.0, 20.0
        if t3.speech_pos_emb is not None:
            t3.speech_pos_emb.emb.weight[:, 0] = -1.0
            t3.speech_pos_emb.emb.weight[SOUNDS:, 0] = 50.0
        else:  # turbo counts in its own network
            t3.tfmr.wpe.weight[:, 0] = -1.0
            t3.tfmr.wpe.weight[440:, 0] = 50.0


def _write(folder: Path, name: str) -> None:
    from chatterbox.models.s3gen import S3Gen
    from chatterbox.models.t3 import T3
    from chatterbox.models.t3.modules.t3_config import T3Config
    from chatterbox.models.voice_encoder import VoiceEncoder

    folder.mkdir(parents=True)
    torch.manual_seed(1)
    ve = VoiceEncoder()
    hp = T3Config.multilingual() if name == "multilingual" else T3Config.english_only()
    if name == "turbo":
        hp = T3Config(text_tokens_dict_size=50276)
        hp.llama_config_name, hp.speech_tokens_dict_size, hp.input_pos_emb = "GPT2_medium", 6563, None
        hp.speech_cond_prompt_len, hp.use_perceiver_resampler, hp.emotion_adv = 375, False, False
    t3, s3gen = T3(hp), S3Gen(meanflow=name == "turbo")
    _tame(t3)
    state = {key: value.contiguous() for key, value in t3.state_dict().items()}
    if name == "multilingual":
        save_file(state, folder / "t3_mtl23ls_v2.safetensors")
        torch.save(ve.state_dict(), folder / "ve.pt")
        torch.save(s3gen.state_dict(), folder / "s3gen.pt")
        _write_tokenizer(folder / "grapheme_mtl_merged_expanded_v1.json")
        (folder / CANGJIE).write_text(json.dumps(["你\tonf", "好\tvnd"]))
        _write_segmenter(folder / SEGMENTER)
        return
    names = {"english": ("t3_cfg", "s3gen"), "turbo": ("t3_turbo_v1", "s3gen_meanflow")}[name]
    save_file(state, folder / f"{names[0]}.safetensors")
    save_file(_apart(s3gen.state_dict()), folder / f"{names[1]}.safetensors")
    save_file(_apart(ve.state_dict()), folder / "ve.safetensors")
    _write_tokenizer(folder if name == "turbo" else folder / "tokenizer.json", gpt2=name == "turbo")


def _apart(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: each.clone().contiguous() for name, each in state.items()}


def _write_segmenter(path: Path) -> None:
    """One that makes a word of each character."""
    import srsly

    features = {
        "unigram": [],
        "bigram": [],
        "feature_to_idx": {"/": 0},
        "tag_to_idx": {"B": 0, "B_single": 1},
    }
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("features.msgpack", srsly.msgpack_dumps(features))
        with archive.open("weights.npz", "w") as file:
            np.savez(file, sizes=np.array([2, 1]), w=np.zeros(2 * (1 + 2)))


if __name__ == "__main__":
    target = Path(sys.argv[1])
    for model in sys.argv[2:] or library.CLASSES:
        _write(target / model, model)
