"""Measure voices against real speech: `score DIR` judges a folder of spoken sentences at once.

DIR holds `<id>.wav` and either `texts.json` ({id: text}), `texts.tsv` (id, tab, text) or `metadata.csv`
(id|text). Ids X00..X07 and LJ001-0029..0032 are known without a file. Files without a text count for
the speaker and the naturalness only.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from voicewright.quality.judges.naturalness import NaturalnessJudge
from voicewright.quality.judges.sphinx import SphinxRecogniser
from voicewright.quality.judges.signals import read_for_judging
from voicewright.quality.judges.speaker import SpeakerEncoder
from voicewright.quality.wer import edits, word_error_rate, words_of

SPEECH_DIR = Path(__file__).resolve().parents[2] / "shared" / "speech"
HELD_OUT = ("LJ001-0029", "LJ001-0030", "LJ001-0031", "LJ001-0032")
EXTRA = {
    "X00": "The boy was there when the sun rose.",
    "X01": "A large size in stockings is hard to sell.",
    "X02": "She had your dark suit in greasy wash water all year.",
    "X03": "They told him that the letter would arrive in the morning.",
    "X04": "The government said that the new law will help people find work.",
    "X05": "I have never seen so many people in one place before.",
    "X06": "We will go to the market and buy some bread and milk for dinner.",
    "X07": "The weather was cold and the roads were covered with snow.",
}


@dataclass(frozen=True)
class Score:
    """The figures of one folder of spoken sentences."""

    name: str
    cosine: float
    """Of the concatenated sentences to the centroid of the references."""
    cosine_mean: float
    """Mean over the sentences, each alone (short ones score lower by themselves)."""
    ovrl: float
    sig: float
    bak: float
    wer: float | None
    wer_held_out: float | None
    wer_unseen: float | None
    sentences: int
    seconds: float


def ljspeech_texts() -> dict[str, str]:
    """The normalised transcripts of the LJ clips, by id."""
    path = SPEECH_DIR / "ljspeech" / "metadata.csv"
    if not path.exists():
        return {}
    rows = [line.split("|") for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return {row[0]: row[-1] for row in rows}


def texts_for(folder: Path) -> dict[str, str]:
    """The texts of a folder's sentences, by id, from the file beside them or the known ids."""
    texts = {**ljspeech_texts(), **EXTRA}
    if (folder / "texts.json").exists():
        texts |= json.loads((folder / "texts.json").read_text(encoding="utf-8"))
    for name, separator in (("texts.tsv", "\t"), ("metadata.csv", "|")):
        if (folder / name).exists():
            lines = (folder / name).read_text(encoding="utf-8").splitlines()
            texts |= {row[0]: row[-1] for row in (line.split(separator) for line in lines if line.strip())}
    return texts


class Judges:
    """The three judges, in this process, each loaded once."""

    def __init__(self, threads: int = 2) -> None:
        self.speaker = SpeakerEncoder(threads)
        self.naturalness = NaturalnessJudge(threads)
        self.words = SphinxRecogniser()

    def centroid(self, paths: list[Path]) -> np.ndarray:
        """The unit mean of the embeddings of some recordings."""
        rows = [self.speaker.embed(read_for_judging(path)) for path in paths]
        mean = np.mean([row for row in rows if row is not None], axis=0)
        return np.asarray(mean / np.linalg.norm(mean))


def score_folder(judges: Judges, folder: Path, references: list[Path], max_windows: int) -> tuple[Score, dict[str, str]]:
    """Judge the WAVs of a folder; also gives what was heard, by id."""
    files = sorted([*folder.glob("*.wav"), *folder.glob("*.flac"), *folder.glob("*.mp3")])
    if not files:
        raise SystemExit(f"No .wav, .flac or .mp3 in {folder}.")
    texts = texts_for(folder)
    target = judges.centroid(references)
    clips = {path.stem: read_for_judging(path) for path in files}
    whole = judges.speaker.embed(np.concatenate(list(clips.values())))
    each = [judges.speaker.embed(clip) for clip in clips.values()]
    moods = [mood for clip in clips.values() if (mood := judges.naturalness.judge(clip, max_windows)).is_known]
    ids = [i for i in clips if i in texts]
    heard = {i: judges.words.recognise(clips[i]).text for i in ids}

    def wer(some: list[str]) -> float | None:
        return word_error_rate((texts[i], heard[i]) for i in some)

    score = Score(
        name=folder.name,
        cosine=float("nan") if whole is None else float(whole @ target),
        cosine_mean=float(np.mean([row @ target for row in each if row is not None])),
        ovrl=float(np.mean([m.ovrl for m in moods])),
        sig=float(np.mean([m.sig for m in moods])),
        bak=float(np.mean([m.bak for m in moods])),
        wer=wer(ids),
        wer_held_out=wer([i for i in ids if i.startswith("LJ")]),
        wer_unseen=wer([i for i in ids if not i.startswith("LJ")]),
        sentences=len(clips),
        seconds=sum(len(clip) for clip in clips.values()) / 16_000,
    )
    return score, heard


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    score = commands.add_parser("score", help="judge folders of spoken sentences")
    score.add_argument("folders", nargs="+", type=Path)
    score.add_argument("--references", nargs="*", type=Path, help="default: the held-out LJ clips")
    score.add_argument("--windows", type=int, default=1, help="DNSMOS windows per clip; 0 = all, as speechmos (slow)")
    score.add_argument("--heard", action="store_true", help="also print what was heard")
    options = parser.parse_args()
    references = options.references or [SPEECH_DIR / "ljspeech" / "wavs" / f"{i}.flac" for i in HELD_OUT]
    judges = Judges()
    for folder in options.folders:
        result, heard = score_folder(judges, folder, references, options.windows)
        print(json.dumps({k: round(v, 3) if isinstance(v, float) else v for k, v in asdict(result).items()}), flush=True)
        if options.heard:
            texts = texts_for(folder)
            for i, text in heard.items():
                print(f"  {i} {edits(words_of(texts[i]), words_of(text))}/{len(words_of(texts[i]))} {text}", file=sys.stderr)


if __name__ == "__main__":
    main()
