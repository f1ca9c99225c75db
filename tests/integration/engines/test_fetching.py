"""Files that come over the network, from a real server that misbehaves."""

from __future__ import annotations

import hashlib
import os
import socket
import threading

import pytest

from voicewright.engines.errors import DownloadFailed, WeightsDamaged, WeightsMissing
from voicewright.engines.fetching import Patience, fetch
from voicewright.engines.port import WeightsFile
from voicewright.engines.weights import KeptFile, Weights, check_own, find_in
from voicewright.storage.errors import StorageFull

CONTENT = os.urandom(3_000_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()
QUICK = Patience(tries=3, pause_s=0.0, silent_s=5.0)


@pytest.fixture
def server(file_server):
    file_server.content = CONTENT
    return file_server


@pytest.fixture
def get(tmp_path, server):
    """Fetch the file into `model.part`; gives what the server said of it."""

    def get(path="/file", **terms):
        terms = {
            "on_bytes": lambda _done, _total: None,
            "make_room": lambda _bytes: None,
            "patience": QUICK,
            **terms,
        }
        return fetch(server.url + path, tmp_path / "model.part", **terms)

    return get


def got(tmp_path):
    return (tmp_path / "model.part").read_bytes()


def test_a_file_comes_whole_and_is_told_as_it_comes(get, tmp_path):
    steps, room = [], []
    assert get(on_bytes=lambda *step: steps.append(step), make_room=room.append) == ""
    assert got(tmp_path) == CONTENT
    assert steps[0] == (0, len(CONTENT))
    assert steps[-1] == (len(CONTENT), len(CONTENT))
    assert steps == sorted(steps)
    assert room == [len(CONTENT)]


def test_one_that_is_cut_off_is_gone_on_with(get, server, tmp_path):
    server.manners = [("cut", 1_000_000), ("cut", 500_000)]
    why = []
    get(on_trouble=why.append)
    assert got(tmp_path) == CONTENT
    assert server.asked == [None, "bytes=1000000-", "bytes=1500000-"]
    assert why[0] == "it broke off after 1000000 of 3000000 bytes"


def test_a_later_run_goes_on_and_a_changed_file_begins_again(get, server, tmp_path):
    server.manners = [("cut", 1_000_000), 503, 503, 503]
    with pytest.raises(DownloadFailed, match=r"503.*1 MB of it are kept") as caught:
        get()
    assert caught.value.retryable
    server.content, server.etag = CONTENT[::-1], '"second"'
    get()
    assert server.asked[-1] == "bytes=1000000-"
    assert got(tmp_path) == CONTENT[::-1]


def test_a_server_without_ranges_begins_again(get, server, tmp_path):
    server.manners, server.ranges = [("cut", 1_000_000)], False
    get()
    assert got(tmp_path) == CONTENT


def test_a_server_without_a_tag_is_not_asked_for_a_part(get, server, tmp_path):
    server.manners, server.etag = [("cut", 1_000_000)], ""
    get()
    assert server.asked == [None, None]
    assert got(tmp_path) == CONTENT


def test_what_is_there_to_its_last_byte_is_not_fetched_again(get, server, tmp_path):
    get()
    get()
    assert server.asked == [None, "bytes=3000000-"]
    (tmp_path / "model.part").write_bytes(CONTENT + b"too much")
    get()
    assert got(tmp_path) == CONTENT


def test_a_busy_server_is_asked_again(get, server, tmp_path):
    server.manners, server.retry_after = [503, 429], "0"
    get()
    assert got(tmp_path) == CONTENT


def test_a_refusal_that_stays_is_not_repeated(get, server):
    server.manners = [404]
    with pytest.raises(DownloadFailed, match=r"404 Not Found.*--weights") as caught:
        get()
    assert not caught.value.retryable
    assert len(server.asked) == 1
    with pytest.raises(DownloadFailed, match="no address of the web"):
        fetch("file:///etc/passwd", None, on_bytes=None, make_room=None)


def test_a_server_that_sends_nothing_more_is_left(get, server, tmp_path):
    held, kept = threading.Event(), []
    server.manners = [held]
    get(
        patience=Patience(tries=3, pause_s=0.0, silent_s=1.5),
        on_trouble=lambda why: kept.append((why, len(got(tmp_path)))),
    )
    held.set()
    [(why, came_bytes)] = kept
    assert (why, came_bytes > 0) == ("the server sends nothing", True)
    assert server.asked == [None, f"bytes={came_bytes}-"]
    assert got(tmp_path) == CONTENT


def test_nobody_there(tmp_path):
    told = []
    with socket.socket() as deaf:  # it keeps the port from others, and does not listen
        deaf.bind(("127.0.0.1", 0))
        with pytest.raises(DownloadFailed, match=r"refused.*Check the network"):
            fetch(
                f"http://127.0.0.1:{deaf.getsockname()[1]}/file",
                tmp_path / "part",
                on_bytes=None,
                make_room=None,
                on_trouble=told.append,
                patience=Patience(tries=2, pause_s=0.0),
            )
    assert len(told) == 1


def test_a_full_disk_is_told_before_the_first_byte(get, tmp_path):
    def refuse(_bytes):
        raise StorageFull("no room")

    with pytest.raises(StorageFull):
        get(make_room=refuse)
    assert got(tmp_path) == b""


def test_the_checksum_of_the_first_server_holds_after_a_redirect(get, server):
    server.linked = DIGEST
    assert get("/moved") == DIGEST


def weights(tmp_path, **file):
    return Weights(tmp_path / "weights", [WeightsFile("deep/model.bin", **file)], {})


def download(weights):
    return weights.download(
        weights.files[0], on_bytes=lambda *_: None, make_room=lambda _: None, patience=QUICK
    )


def test_a_file_counts_once_its_checksum_is_right(tmp_path, server):
    right = weights(tmp_path, url=f"{server.url}/file", sha256=DIGEST.upper())
    assert download(right) == KeptFile(DIGEST, len(CONTENT))
    assert [path.name for path in (tmp_path / "weights" / "deep").iterdir()] == ["model.bin"]


@pytest.mark.parametrize("told_by", ["plugin", "server"])
def test_a_wrong_file_is_dropped(tmp_path, server, told_by):
    server.linked = "0" * 64 if told_by == "server" else ""
    pinned = "0" * 64 if told_by == "plugin" else ""
    wrong = weights(tmp_path, url=f"{server.url}/moved", sha256=pinned)
    with pytest.raises(WeightsDamaged, match=rf"{DIGEST}.*has to be 0000"):
        download(wrong)
    assert list((tmp_path / "weights" / "deep").iterdir()) == []


def test_a_spoilt_beginning_is_fetched_once_more(tmp_path, server):
    server.manners = [("cut", 1_000_000), 404]
    right = weights(tmp_path, url=f"{server.url}/file", sha256=DIGEST)
    with pytest.raises(DownloadFailed):
        download(right)
    part = tmp_path / "weights" / "deep" / "model.bin.part"
    part.write_bytes(b"\0" + part.read_bytes()[1:])
    assert download(right).sha256 == DIGEST
    assert server.asked[-2:] == ["bytes=1000000-", None]


def test_files_of_somebodys_own_are_checked_and_taken(tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    right = weights(tmp_path, url="https://weights.example/model", sha256=DIGEST)
    with pytest.raises(WeightsMissing, match=r"lacks deep/model\.bin \(from https://weights"):
        find_in(own, right.files)
    (own / "model.bin").write_bytes(b"another")
    found = find_in(own, right.files)
    with pytest.raises(WeightsDamaged, match=r"own/model\.bin has the SHA-256"):
        check_own(right.files[0], found["deep/model.bin"], lambda *_: None)
    assert not (tmp_path / "weights").exists()
    (own / "model.bin").write_bytes(CONTENT)
    digest = check_own(right.files[0], found["deep/model.bin"], lambda *_: None)
    kept = right.take(right.files[0], found["deep/model.bin"], digest)
    assert kept == KeptFile(DIGEST, len(CONTENT))
    assert (tmp_path / "weights" / "deep" / "model.bin").stat().st_nlink == 2


def test_a_look_tells_what_is_missing_cut_off_or_was_found_damaged(tmp_path):
    folder = tmp_path / "weights"
    folder.mkdir()
    files = [WeightsFile(name, "https://weights.example") for name in ("whole", "cut", "spoilt", "absent")]
    for name in ("whole", "cut", "spoilt"):
        (folder / name).write_bytes(CONTENT)
    kept = {
        "whole": KeptFile(DIGEST, len(CONTENT)),
        "cut": KeptFile(DIGEST, len(CONTENT) + 1),
        "spoilt": KeptFile(DIGEST, len(CONTENT), damaged=True),
    }
    found = Weights(folder, files, kept)
    assert found.find_faults() == {"cut": "damaged", "spoilt": "damaged", "absent": "missing"}
    assert [file.name for file in found.wanted()] == ["cut", "spoilt", "absent"]
    assert [found.read_all(file) for file in files] == [True, True, True, False]
    (folder / "whole").write_bytes(CONTENT[::-1])
    assert not found.read_all(files[0])
