from __future__ import annotations

import hashlib
import os
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicewright.api.multipart import FormLimits, FormReader, MalformedForm, UploadTooLarge
from voicewright.api.validation import UnsupportedMediaType, ValidationFailed

LIMITS = FormLimits(body_bytes=1 << 20, file_bytes=100_000, files=3, field_bytes=1000, fields=4)
TYPE = "multipart/form-data; boundary=XYZ"


def part(name, content, *, filename=None, headers=()):
    disposition = f'Content-Disposition: form-data; name="{name}"'
    if filename is not None:
        disposition += f'; filename="{filename}"'
    lines = [disposition, *headers]
    return b"--XYZ\r\n" + "\r\n".join(lines).encode() + b"\r\n\r\n" + content + b"\r\n"


END = b"--XYZ--\r\n"


def read(body, folder, *, content_type=TYPE, limits=LIMITS, cuts=()):
    reader = FormReader(content_type, folder, limits, files={"audio"}, fields={"name", "transcript"})
    try:
        start = 0
        for end in (*sorted(cuts), len(body)):
            reader.feed(body[start:end])
            start = end
        return reader.finish()
    finally:
        reader.close()


SOUND = b"sound\r\n--XY\r\n--XYZZ\r\r\n-" + os.urandom(3000)
BODY = (
    b"preamble is not allowed, but blank lines are\r\n"[:0]
    + part("name", b"my voice")
    + part("audio", SOUND, filename="take \u00e9.mp3")
    + part("transcript", "Hall\u00f6.".encode())
    + part("audio", b"", filename="C:\\x\\b.flac")
    + part("transcript", b"")
    + END
)


@settings(max_examples=200, deadline=None)
@given(st.sets(st.integers(0, len(BODY)), max_size=12))
def test_a_form_is_read_the_same_wherever_its_body_is_cut(tmp_path_factory, cuts):
    folder = tmp_path_factory.mktemp("form")
    form = read(BODY, folder, cuts=cuts)
    assert form.fields == {"name": ["my voice"], "transcript": ["Hall\u00f6.", ""]}
    first, second = form.files["audio"]
    assert (first.filename, second.filename) == ("take \u00e9.mp3", "b.flac")
    assert first.path.read_bytes() == SOUND
    assert first.digest == hashlib.sha256(SOUND).hexdigest()
    assert (first.size_bytes, second.size_bytes) == (len(SOUND), 0)
    assert [path.name for path in sorted(folder.iterdir())] == ["00001.mp3", "00002.flac"]


def test_fields_are_asked_for_by_name(tmp_path):
    form = read(BODY, tmp_path)
    assert form.require("name") == form.one("name") == "my voice"
    assert form.one("speaker") is None
    assert form.require_file("audio").filename == "take \u00e9.mp3"
    for missing in (lambda: form.require("speaker"), lambda: form.require_file("video")):
        with pytest.raises(ValidationFailed) as caught:
            missing()
        assert caught.value.fields[0].field in {"speaker", "video"}
    with pytest.raises(ValidationFailed, match="2 times"):
        form.one("transcript")


def test_a_files_name_never_leads_anywhere(tmp_path):
    body = (
        part("audio", b"x", filename="../../../etc/cron.d/x.wav")
        + part("audio", b"y", filename="/b.exe")
        + END
    )
    form = read(body, tmp_path / ".")
    assert [file.filename for file in form.files["audio"]] == ["x.wav", "b.exe"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["00001.wav", "00002"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (part("audio", bytes(100_001), filename="long.wav") + END, "long.wav has more than"),
        (part("name", bytes(1001)) + END, "field name has more"),
        (part("audio", b"", filename="a") * 4 + END, "more than 3 files"),
        (part("transcript", b"") * 8 + END, "more fields"),
        (part("audio", bytes(99_000), filename="a") * 3 + part("name", b"") * 3000 + END, "more"),
        (bytes(2 << 20), "at most 1 MiB"),
    ],
)
def test_every_limit_says_which_it_is(tmp_path, body, words):
    with pytest.raises(UploadTooLarge, match=words):
        read(body, tmp_path)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        part("audio", b"x", filename="a"),
        (part("audio", b"x" * 5000, filename="a") + END)[:3000],
        END[:-4],
        b"--XYZ\r\nContent-Type: text/plain\r\n\r\nx\r\n" + END,
        b"--XYZ\r\nContent-Disposition: attachment; name=name\r\n\r\nx\r\n" + END,
        part("name", b"eA==", headers=["Content-Transfer-Encoding: base64"]) + END,
        part("name", b"x", headers=["X-Long: " + "x" * 5000]) + END,
        part("name", b"x", headers=[f"X-{number}: x" for number in range(9)]) + END,
        b"--XYZ\r\nContent-Disposition\x00 form-data\r\n\r\nx\r\n" + END,
        b"--WRONG\r\n\r\n" + END,
    ],
)
def test_what_is_no_whole_form_is_said_to_be_malformed(tmp_path, body):
    with pytest.raises(MalformedForm):
        read(body, tmp_path)


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", f"multipart/form-data; boundary={'x' * 300}"],
)
def test_a_form_without_a_usable_boundary_is_malformed(tmp_path, content_type):
    with pytest.raises(MalformedForm):
        read(BODY, tmp_path, content_type=content_type)


@pytest.mark.parametrize(
    "content_type", ["", "application/json", "multipart/mixed; boundary=XYZ", "text/plain; x=\xff"]
)
def test_another_type_is_not_supported(tmp_path, content_type):
    with pytest.raises(UnsupportedMediaType, match="multipart/form-data"):
        read(BODY, tmp_path, content_type=content_type)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (part("file", b"x", filename="a.wav") + END, "file"),
        (part("name", b"\xff\xfe") + END, "name"),
        (part("name", b"a\0b") + END, "name[0]"),
    ],
)
def test_parts_that_can_not_be_used_are_named(tmp_path, body, field):
    with pytest.raises(ValidationFailed) as caught:
        read(body, tmp_path)
    assert caught.value.fields[0].field == field


def test_a_large_file_does_not_occupy_memory(tmp_path):
    limits = FormLimits(body_bytes=1 << 30, file_bytes=1 << 30, files=1)
    reader = FormReader(TYPE, tmp_path, limits, files={"audio"}, fields=())
    piece = bytes(1 << 16)
    tracemalloc.start()
    reader.feed(part("audio", b"", filename="long.wav")[:-2])
    for _ in range(800):
        reader.feed(piece)
    reader.feed(b"\r\n" + END)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert reader.finish().files["audio"][0].size_bytes == 800 << 16
    assert peak < 2 << 20
