"""XTTS-v2 as it is, but with small networks: the library has no knob for the size of three of them.

Runs in the engine's own environment: as the factory of an engine, and as a program that writes weights.
"""

from __future__ import annotations

import functools
import json
import resource
import sys
from pathlib import Path

import torch

from voicewright.plugins.xtts_v2 import coqui  # isort: skip - makes the library importable
from tokenizers import AddedToken, Tokenizer
from tokenizers.models import BPE
from TTS.tts.layers.xtts import hifigan_decoder
from TTS.tts.layers.xtts.trainer import gpt_trainer
from TTS.tts.models import xtts

from voicewright.plugins.xtts_v2.engine import XttsEngine

LETTERS = "abcdefghijklmnopqrstuvwxyz.,!?'-0123456789äöüß"
CHANNELS, AUDIO_TOKENS = 32, 64

hifigan_decoder.ResNetSpeakerEncoder = functools.partial(
    hifigan_decoder.ResNetSpeakerEncoder, layers=[1, 1, 1, 1], num_filters=[8, 8, 8, 8]
)
xtts.HifiDecoder = functools.partial(
    hifigan_decoder.HifiDecoder,
    upsample_initial_channel_decoder=32,
    resblock_kernel_sizes_decoder=[3],
    resblock_dilation_sizes_decoder=[[1, 3]],
    resblock_type_decoder="2",
)
_codec = gpt_trainer.DiscreteVAE
gpt_trainer.DiscreteVAE = lambda **kwargs: _codec(**{**kwargs, "codebook_dim": 16, "hidden_dim": 16})


class SmallXtts(XttsEngine):
    """The engine, in a process where the patches above are."""


class StarvedXtts(XttsEngine):
    """The engine, in a process that gets hardly more memory once the network learns."""

    def train(self, request, context):
        step = coqui.GPTTrainer.train_step

        def starve(*arguments):
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            limit = pages * resource.getpagesize() + 5_000_000
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
            return step(*arguments)

        coqui.GPTTrainer.train_step = starve
        return super().train(request, context)


def write_weights(folder: Path) -> None:
    """Write weights of random numbers."""
    torch.manual_seed(0)
    folder.mkdir(parents=True, exist_ok=True)
    languages = ["en", "de", "zh-cn"]
    tokens = ["[STOP]", "[UNK]", "[SPACE]", *LETTERS, *(f"[{each}]" for each in languages), "[START]"]
    numbers = {token: number for number, token in enumerate(tokens)}
    vocabulary = Tokenizer(BPE(numbers, [], unk_token="[UNK]"))  # noqa: S106
    vocabulary.add_special_tokens([AddedToken(each) for each in tokens if each.startswith("[")])
    vocabulary.save(str(folder / "vocab.json"))
    arguments = {
        "gpt_layers": 2,
        "gpt_n_model_channels": CHANNELS,
        "gpt_n_heads": 2,
        "gpt_max_audio_tokens": 64,
        "gpt_num_audio_tokens": AUDIO_TOKENS + 2,
        "gpt_start_audio_token": AUDIO_TOKENS,
        "gpt_stop_audio_token": AUDIO_TOKENS + 1,
        "gpt_use_perceiver_resampler": True,
        "decoder_input_dim": CHANNELS,
    }
    config = coqui.XttsConfig(model_args=coqui.XttsArgs(**arguments))
    (folder / "config.json").write_text(json.dumps(config.to_dict()), encoding="utf-8")
    model = coqui.Xtts(config)
    model.tokenizer = coqui.VoiceBpeTokenizer(str(folder / "vocab.json"))
    model.init_models()
    with torch.no_grad():
        model.gpt.mel_head.bias[AUDIO_TOKENS + 1] = -20  # it never stops by itself
        decoder = model.hifigan_decoder.waveform_decoder
        for name, each in decoder.conv_post.named_parameters():
            if "weight" in name:
                each.mul_(30)  # loud enough to be heard
    torch.save({"model": {f"xtts.{k}": v for k, v in model.state_dict().items()}}, folder / "model.pth")
    torch.save(torch.ones(80), folder / "mel_stats.pth")
    codec = gpt_trainer.DiscreteVAE(
        channels=80,
        normalization=None,
        positional_dims=1,
        num_tokens=AUDIO_TOKENS,
        num_resnet_blocks=3,
        kernel_size=3,
        num_layers=2,
        use_transposed_convs=False,
    )
    torch.save(codec.state_dict(), folder / "dvae.pth")


if __name__ == "__main__":
    write_weights(Path(sys.argv[1]))
