"""Archives as people make them, and as people who mean harm make them."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import random
import stat
import struct
import tarfile
import tracemalloc
import zipfile
from dataclasses import replace

import pytest

from voicewright.errors import AppError
from voicewright.recordings.archive_budget import ArchiveBudget, ArchiveLimits
from voicewright.recordings.archives import archive_kind, unpack
from voicewright.recordings.errors import ArchiveTooLarge, ArchiveUnreadable, ArchiveUnsafe

LIMITS = ArchiveLimits(max_files=20, max_bytes=4 << 20, max_file_bytes=2 << 20, lenient_bytes=1 << 20)
FILES = {"metadata.csv": b"a|Hello.\n", "wavs/a.wav": b"RIFF" + bytes(100), "wavs/b \u00e9.wav": b"x" * 5000}


def make_zip(files=FILES, method=zipfile.ZIP_DEFLATED):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


def make_tar(files=FILES, mode="w", **options):
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode=mode, **options) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return held.getvalue()


def tar_with(**entry):
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        made = tarfile.TarInfo(entry.pop("name", "a.wav"))
        for name, value in entry.items():
            setattr(made, name, value)
        archive.addfile(made, io.BytesIO(bytes(made.size)))
    return held.getvalue()


@pytest.fixture
def open_archive(tmp_path):
    """Unpack some bytes; whatever happens, nothing may lie outside of the folder."""
    target = tmp_path / "upload" / "unpacked"

    def run(content, **changed):
        target.mkdir(parents=True)
        archive = tmp_path / "archive"
        archive.write_bytes(content)
        try:
            return unpack(archive, target, ArchiveBudget(replace(LIMITS, **changed), target))
        finally:
            outside = {path for path in tmp_path.rglob("*") if not path.is_relative_to(target)}
            assert outside <= {archive, target.parent, target.with_name("unpacked.tar")}
            assert not any(path.is_symlink() for path in tmp_path.rglob("*"))

    return run


def content_of(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.mark.parametrize(
    "content",
    [
        make_zip(),
        make_zip(method=zipfile.ZIP_STORED),
        make_tar(),
        make_tar(mode="w:gz"),
        make_tar(format=tarfile.GNU_FORMAT),
        make_tar(format=tarfile.PAX_FORMAT),
    ],
)
def test_the_usual_archives_are_unpacked(open_archive, content):
    assert content_of(open_archive(content)) == FILES


def test_the_folder_that_was_packed_is_what_counts(open_archive):
    packed = {f"my voice/{name}": content for name, content in FILES.items()}
    packed |= {"__MACOSX/my voice/._a.wav": b"junk", ".DS_Store": b"junk"}
    folder = open_archive(make_zip(packed))
    assert folder.name == "my voice"
    assert content_of(folder) == FILES


def test_a_tar_of_the_current_folder_is_unpacked(open_archive):
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        here = tarfile.TarInfo("./")
        here.type = tarfile.DIRTYPE
        archive.addfile(here)
        entry = tarfile.TarInfo("./a.wav")
        entry.size = 3
        archive.addfile(entry, io.BytesIO(b"abc"))
    assert content_of(open_archive(held.getvalue())) == {"a.wav": b"abc"}


def test_names_that_are_utf_8_without_saying_so_are_read(open_archive):
    content = bytearray(make_zip({"\u00e9.wav": b"x"}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.index(signature) + offset
        content[at : at + 2] = bytes(2)  # the flag that says so
    assert content_of(open_archive(bytes(content))) == {"\u00e9.wav": b"x"}


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd.wav",
        "../a.wav",
        "wavs/../../a.wav",
        "a/./../..//b.wav",
        "..\\a.wav",
        "C:\\a.wav",
        "C:a.wav",
        "a\x1b.wav",
        "x" * 201 + ".wav",
        "d/" * 17 + "a.wav",
    ],
)
@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_paths_that_lead_elsewhere_refuse_the_archive(open_archive, make, name):
    with pytest.raises(ArchiveUnsafe):
        open_archive(make({"good.wav": b"x", name: b"y"}))


def test_a_tar_name_that_is_no_text_refuses_it(open_archive):
    with pytest.raises(ArchiveUnsafe, match="UTF-8"):
        open_archive(make_tar({"\udcff.wav": b"x"}, format=tarfile.GNU_FORMAT, encoding="utf-8"))


@pytest.mark.parametrize(
    "entry",
    [
        {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
        {"type": tarfile.LNKTYPE, "linkname": "../../a"},
        {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 5},
        {"type": tarfile.BLKTYPE},
        {"type": tarfile.FIFOTYPE},
        {"type": tarfile.DIRTYPE, "name": "../d"},
    ],
)
def test_links_devices_and_pipes_refuse_the_archive(open_archive, entry):
    with pytest.raises(ArchiveUnsafe):
        open_archive(tar_with(**entry))


def test_links_in_a_zip_refuse_it(open_archive):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        link = zipfile.ZipInfo("a.wav")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(ArchiveUnsafe, match="link"):
        open_archive(held.getvalue())


@pytest.mark.parametrize(
    "names", [("a.wav", "A.WAV"), ("a.wav", "./a.wav"), ("a", "a/b.wav"), ("a/b.wav", "A")]
)
def test_two_entries_of_one_name_refuse_the_archive(open_archive, names):
    with pytest.raises(ArchiveUnsafe, match="two entries"):
        open_archive(make_tar(dict.fromkeys(names, b"x")))


@pytest.mark.parametrize(
    "inner", [make_zip(), make_tar(), make_tar(mode="w:gz"), b"7z\xbc\xaf\x27\x1c" + bytes(99)]
)
def test_an_archive_in_an_archive_refuses_it(open_archive, inner):
    with pytest.raises(ArchiveUnsafe, match="archive in the archive"):
        open_archive(make_zip({"voice.wav": inner}))


def test_an_encrypted_zip_is_refused(open_archive):
    content = bytearray(make_zip({"a.wav": b"secret"}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    with pytest.raises(ArchiveUnreadable, match="password"):
        open_archive(bytes(content))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_without_bounds_are_refused(open_archive, method):
    with pytest.raises(ArchiveUnreadable, match="Deflate"):
        open_archive(make_zip(method=method))


@pytest.mark.parametrize("make", [make_zip, lambda files: make_tar(files, "w:gz")])
def test_a_bomb_is_stopped_while_it_unpacks(open_archive, tmp_path, make):
    content = make({f"{number}.wav": bytes(900_000) for number in range(19)})
    assert len(content) < 40_000
    tracemalloc.start()
    with pytest.raises(ArchiveTooLarge):
        open_archive(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 << 20
    written = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert written < 40 << 20


@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_more_bytes_or_files_than_allowed_are_refused(open_archive, make):
    with pytest.raises(ArchiveTooLarge, match="more than 20 files"):
        open_archive(make({f"{number}.wav": b"x" for number in range(21)}))


@pytest.mark.parametrize("make", [make_zip, lambda files: make_tar(files, "w:gz")])
@pytest.mark.parametrize(
    ("files", "changed", "told"),
    [
        ({"a.wav": bytes(900_000)}, {}, "more than 1 MiB"),
        ({"a.wav": bytes(900_000)}, {"lenient_bytes": 8 << 20}, "more than 4 MiB"),
        ({f"{number}.wav": b"x" for number in range(15)}, {}, "more than 20 files"),
    ],
    ids=["ratio", "bytes", "files"],
)
def test_many_small_archives_may_hold_no_more_than_a_large_one(tmp_path, make, files, changed, told):
    budget = ArchiveBudget(replace(LIMITS, **changed), tmp_path)
    archive = tmp_path / "archive"
    archive.write_bytes(make(files))

    def unpack_many():
        for number in range(6):
            (tmp_path / str(number)).mkdir()
            unpack(archive, tmp_path / str(number), budget)

    with pytest.raises(ArchiveTooLarge, match=told):
        unpack_many()


def test_what_is_decompressed_counts_also_where_nothing_of_it_is_kept(tmp_path):
    budget = ArchiveBudget(LIMITS, tmp_path)
    archive = tmp_path / "archive"
    archive.write_bytes(make_tar({"__MACOSX/a.wav": bytes(8 << 20)}, "w:gz"))

    def unpack_many():
        for _ in range(5):
            unpack(archive, tmp_path, budget)

    with pytest.raises(ArchiveTooLarge, match="Unpacked"):
        unpack_many()


@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_one_file_that_is_too_large_is_named(open_archive, make):
    with pytest.raises(ArchiveTooLarge, match=r"'long\.wav'"):
        open_archive(make({"long.wav": os.urandom(3 << 20)}), max_bytes=8 << 20)


def test_a_zip_that_lies_about_a_size_is_refused(open_archive):
    content = bytearray(make_zip({"a.wav": bytes(100_000)}))
    at = content.index(b"PK\x01\x02") + 24
    content[at : at + 4] = struct.pack("<I", 10)
    with pytest.raises(AppError):
        open_archive(bytes(content))


def test_a_directory_of_very_many_entries_is_not_read_into_memory(open_archive):
    entry = b"PK\x01\x02" + bytes(42)
    directory = entry * 400_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(directory), 0, 0)
    content = b"PK\x03\x04" + directory + end
    tracemalloc.start()
    with pytest.raises(ArchiveTooLarge, match="lists of files"):
        open_archive(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20


def test_a_header_of_a_tar_is_not_read_into_memory_however_long(open_archive):
    header = tarfile.TarInfo("././@PaxHeader")
    header.type, header.size = tarfile.XHDTYPE, 200 << 20
    packed = gzip.compress(header.tobuf() + bytes(1 << 20), 1)
    with pytest.raises(AppError):
        open_archive(packed)


@pytest.mark.parametrize("content", [make_zip(), make_tar(), make_tar(mode="w:gz")])
def test_half_an_archive_is_refused(open_archive, content):
    with pytest.raises(ArchiveUnreadable):
        open_archive(content[: len(content) // 2])


def test_what_is_no_archive_is_known_by_its_first_bytes(open_archive):
    assert archive_kind(b"") is archive_kind(b"RIFF....WAVE") is archive_kind(bz2.compress(b"x")) is None
    with pytest.raises(ArchiveUnreadable):
        open_archive(b"RIFF....WAVE")


@pytest.mark.parametrize(
    "whole", [make_zip(), make_tar(), make_tar(mode="w:gz"), make_tar(format=tarfile.PAX_FORMAT)]
)
def test_damage_anywhere_is_told_in_words(tmp_path, whole):
    """Whatever is changed, it unpacks inside the folder or is refused; no other exception comes out."""
    chance = random.Random(1)  # noqa: S311 - the same damage in every run
    codes = set()
    for number in range(300):
        content = bytearray(whole)
        for _ in range(chance.choice((1, 1, 4))):
            content[chance.randrange(len(content))] = chance.randrange(256)
        archive, target = tmp_path / "archive", tmp_path / str(number) / "unpacked"
        archive.write_bytes(content)
        target.mkdir(parents=True)
        try:
            unpack(archive, target, ArchiveBudget(LIMITS, target))
        except AppError as error:
            codes.add(error.code)
    outside = [path for path in tmp_path.iterdir() if path.name != "archive" and not path.name.isdecimal()]
    assert outside == []
    assert codes <= {"ARCHIVE_UNREADABLE", "ARCHIVE_UNSAFE", "ARCHIVE_TOO_LARGE"}
