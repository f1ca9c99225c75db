from __future__ import annotations

import asyncio
import shutil
import threading
from contextlib import contextmanager, nullcontext

import pytest
from starlette.requests import Request

from voicewright.api import uploads
from voicewright.api.multipart import FormLimits, UploadTooLarge
from voicewright.api.uploads import UploadInterrupted, in_upload_thread, receive_form, upload_folder

LIMITS = FormLimits(body_bytes=1000, file_bytes=1000, files=1)
START = b"--XYZ\r\nContent-Disposition: form-data; name=audio; filename=a.wav\r\n\r\nhalf"


def receive(folder, *messages, length=None):
    """Read a form of which these messages come, and then nothing any more."""
    waiting = list(messages)

    async def next_message():
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    headers = [(b"content-type", b"multipart/form-data; boundary=XYZ")]
    headers += [(b"content-length", str(length).encode())] if length is not None else []
    request = Request({"type": "http", "method": "POST", "headers": headers}, next_message)
    return asyncio.run(receive_form(request, folder, LIMITS, files={"audio"}))


def test_whoever_goes_away_in_the_middle_is_an_interrupted_upload(tmp_path):
    with pytest.raises(UploadInterrupted, match="broken off"):
        receive(
            tmp_path, {"type": "http.request", "body": START, "more_body": True}, {"type": "http.disconnect"}
        )


def test_whoever_says_nothing_for_long_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(uploads, "_IDLE_S", 0.01)
    with pytest.raises(UploadInterrupted, match="Nothing came"):
        receive(tmp_path, {"type": "http.request", "body": START, "more_body": True})


def test_a_body_that_announces_too_much_is_not_read(tmp_path):
    with pytest.raises(UploadTooLarge):
        receive(tmp_path, length=1001)


def test_a_whole_form_is_read_in_pieces(tmp_path):
    pieces = [START[:50], START[50:] + b" and half\r\n", b"--XYZ--\r\n"]
    messages = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    form = receive(tmp_path, *messages, {"type": "http.request", "body": b"", "more_body": False})
    assert form.require_file("audio").path.read_bytes() == b"half and half"


def test_a_server_that_ends_stops_the_work_and_waits_for_its_thread():
    begun, stop, ended = threading.Event(), threading.Event(), threading.Event()

    def work():
        begun.set()
        assert stop.wait(30)
        ended.set()

    async def serve():
        task = asyncio.ensure_future(in_upload_thread(work, stop=stop))
        await asyncio.to_thread(begun.wait, 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended.is_set()

    asyncio.run(serve())


def test_a_folder_of_many_files_is_made_and_removed_beside_the_loop(tmp_path):
    threads = []

    class Samples:
        @contextmanager
        def upload_folder(self):
            threads.append(threading.current_thread())
            folder = tmp_path / "request"
            folder.mkdir()
            try:
                yield folder
            finally:
                threads.append(threading.current_thread())
                shutil.rmtree(folder)

    async def serve(failure):
        async with upload_folder(Samples()) as folder:
            (folder / "file").write_bytes(b"x")
            if failure is not None:
                raise failure

    for failure in (None, KeyError("x"), asyncio.CancelledError()):
        with nullcontext() if failure is None else pytest.raises(type(failure)):
            asyncio.run(serve(failure))
        assert list(tmp_path.iterdir()) == []
    assert len(threads) == 6
    assert threading.current_thread() not in threads
