"""Requests to a healthy host process: answers, events, streams, errors, sharing."""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from voicewright.engines.errors import (
    EngineContractBroken,
    EngineDiskFull,
    EngineError,
    EngineFailed,
    EngineOutOfMemory,
    HostClosed,
    HostStartFailed,
    StreamStalled,
)
from voicewright.engines.host.events import LogLine, Metric, Progress
from voicewright.errors import ErrorKind


def test_answer_is_what_the_service_returned(host):
    params = {"text": "Grüße 😀 \ud800", "number": 1.5, "nested": {"list": [None, True]}}
    assert host.call("echo", params) == params


def test_large_request_and_answer_pass(host):
    params = {"text": "x" * 3_000_000}
    assert host.call("echo", params) == params


def test_host_stays_warm_between_requests(host):
    host.start()
    first = host.pid
    host.call("echo", {})
    assert host.pid == first is not None


def test_arguments_and_environment_reach_the_service(make_host):
    host = make_host(arguments={"greeting": "moin"}, env={"ODD_VARIABLE": "set"})
    assert host.call("greet", {}) == {"greeting": "moin", "variable": "set"}


def test_events_arrive_in_order_in_the_thread_of_the_caller(host):
    seen = []
    host.call("talk", {}, on_event=lambda event: seen.append((threading.get_ident(), event)))
    assert [event for _, event in seen] == [
        Progress("starting", 0.0),
        Metric("loss", 0.5, 3),
        LogLine("a line", "service"),
        Progress("ending", 1.0),
    ]
    assert {ident for ident, _ in seen} == {threading.get_ident()}


def test_stream_keeps_the_order_of_bytes_and_dicts(host):
    assert list(host.stream("mixed", {})) == [{"first": 1}, b"two", {"third": 3}]


def test_stream_of_many_megabytes_is_complete(host):
    assert sum(len(item) for item in host.stream("flow", {"count": 60, "size": 500_000})) == 30_000_000


def test_what_is_printed_becomes_log_lines_and_does_not_disturb(host):
    lines = set()
    # Standard error is another pipe: a line may come with the next request, or between two and be lost.
    while len(lines) < 2:
        host.call("print", {}, on_event=lines.add)
        host.call("echo", {}, on_event=lines.add)
    assert lines == {LogLine("by Python", "stderr"), LogLine("by C", "stderr")}


def test_flood_on_standard_error_blocks_nothing(host):
    assert host.call("flood", {"lines": 50_000}) == {}


def test_noise_before_the_first_frame_is_skipped(make_host, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("print('\\x00\\x01 a chatty interpreter')\n")
    host = make_host(env={"PYTHONPATH": f"{tmp_path}:{__file__.rpartition('/')[0]}"})
    assert host.call("echo", {"a": 1}) == {"a": 1}


def test_standard_input_of_the_service_is_empty(host):
    assert host.call("environment", {"names": []})["stdin"] == ""


class TestErrors:
    def test_foreign_exception_names_the_service_and_the_traceback_goes_to_the_log(self, host):
        lines = []
        with pytest.raises(EngineFailed) as caught:
            host.call("boom", {}, on_event=lines.append)
        assert "The odd service failed in `boom` with ValueError: the boiler is out" in caught.value.message
        assert "Traceback" not in caught.value.message
        assert caught.value.kind is ErrorKind.INTERNAL
        [line] = [event.text for event in lines if event.source == "service"]
        assert "Traceback" in line
        assert "odd_service.py" in line

    def test_error_of_a_class_unknown_here_keeps_code_kind_message_and_retryable(self, host):
        with pytest.raises(EngineError) as caught:
            host.call("refuse", {})
        error = caught.value
        assert (error.code, error.kind, error.retryable) == ("ODD_SOCKS", ErrorKind.CONFLICT, True)
        assert error.message == "Two socks differ; wash them together."

    @pytest.mark.parametrize(
        ("method", "error"), [("no_memory", EngineOutOfMemory), ("no_disk", EngineDiskFull)]
    )
    def test_lack_of_memory_or_disk_is_told_apart(self, host, method, error):
        with pytest.raises(error) as caught:
            host.call(method, {})
        assert caught.value.kind is ErrorKind.NO_SPACE

    def test_exit_of_the_service_is_an_error_and_not_the_end(self, host):
        with pytest.raises(EngineFailed, match="SystemExit: bye"):
            host.call("exit", {})
        first = host.pid
        assert host.call("echo", {"still": "here"}) == {"still": "here"}
        assert host.pid == first

    @pytest.mark.parametrize("method", ["missing", "_read_frames", "number", "unsendable", "mixed"])
    def test_answers_outside_the_contract_are_named(self, host, method):
        with pytest.raises(EngineContractBroken, match=method.replace("unsendable", "can't be sent")):
            host.call(method, {})
        assert host.call("echo", {}) == {}

    def test_item_that_is_neither_bytes_nor_dict_is_named(self, host):
        with pytest.raises(EngineContractBroken, match="str into the stream of `bad_item`"):
            list(host.stream("bad_item", {}))

    def test_stream_that_breaks_off_yields_what_there_was(self, host):
        stream = host.stream("breaks_off", {})
        assert next(stream) == b"one"
        with pytest.raises(EngineFailed, match="out of thread"):
            next(stream)

    def test_unwritable_request_is_the_callers_mistake(self, host):
        with pytest.raises(ValueError, match="can't be asked"):
            host.call("echo", {"set": {1}})
        assert host.call("echo", {}) == {}

    def test_service_that_refuses_to_start_is_heard(self, make_host):
        with pytest.raises(EngineError, match="under the bed"):
            make_host(arguments={"start": "refuse"}).call("echo", {})

    def test_service_that_exits_at_its_start_is_named(self, make_host):
        with pytest.raises(EngineFailed, match="failed in `starting` with SystemExit: 7"):
            make_host(arguments={"start": "exit"}).call("echo", {})

    def test_start_that_takes_too_long_ends_it(self, make_host):
        host = make_host(arguments={"start": "wait"}, start_timeout_s=0.5)
        with pytest.raises(HostStartFailed, match=r"not ready after 0\.5 s"):
            host.call("echo", {})
        assert host.pid is None

    @pytest.mark.parametrize("python", ["/nonexistent/python", "/bin/false"])
    def test_interpreter_that_does_not_run_is_named(self, make_host, python):
        with pytest.raises(HostStartFailed, match="The odd service"):
            make_host(python=python).call("echo", {})


class TestSharing:
    def test_threads_take_turns(self, host):
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda number: host.call("echo", {"n": number}), range(100)))
        assert answers == [{"n": number} for number in range(100)]

    def test_host_outlives_the_thread_that_started_it(self, host):
        starter = threading.Thread(target=host.start)
        starter.start()
        starter.join()
        first = host.pid
        assert host.call("echo", {"a": 1}) == {"a": 1}
        assert host.pid == first is not None

    def test_closed_host_refuses_and_closing_twice_is_fine(self, host):
        host.start()
        host.close()
        host.close()
        with pytest.raises(HostClosed):
            host.call("echo", {})

    def test_closing_ends_a_request_in_flight(self, host):
        working = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            request = pool.submit(host.call, "endless", {}, on_event=lambda _: working.set())
            assert working.wait(20)
            host.close()
            with pytest.raises(HostClosed, match="while it worked"):
                request.result(20)


def written_bytes(pid):
    counted = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return int(counted["wchar"])


class TestBackpressure:
    @pytest.mark.skipif(sys.platform != "linux", reason="Linux counts what a process writes")
    def test_service_waits_for_a_slow_reader(self, host):
        stream = host.stream("flow", {"count": 1000, "size": 500_000})
        next(stream)
        written, before = written_bytes(host.pid), -1
        while written != before:
            time.sleep(0.1)  # nothing tells that it waits, but that it writes no more
            written, before = written_bytes(host.pid), written
        stream.close()
        # One taken, one waiting, one or two in the pipe: one that nothing holds back would have written all.
        assert written < 10 * 500_000

    def test_closed_stream_frees_the_same_host(self, host):
        host.start()
        first = host.pid
        stream = host.stream("flow", {"count": 10**9, "size": 1000})
        next(stream)
        stream.close()
        assert host.call("echo", {"a": 1}) == {"a": 1}
        assert host.pid == first

    def test_dropped_stream_frees_the_same_host(self, host):
        host.start()
        first = host.pid
        for _ in host.stream("flow", {"count": 10**9, "size": 1000}):
            break
        assert host.call("echo", {"a": 1}) == {"a": 1}
        assert host.pid == first

    def test_stream_never_begun_costs_nothing(self, host):
        host.stream("flow", {"count": 10**9, "size": 1000})
        assert host.call("echo", {}) == {}

    def test_reader_that_stops_reading_loses_the_stream_and_others_get_the_host(self, make_host):
        host = make_host(stall_timeout_s=1)
        stream = host.stream("flow", {"count": 10**9, "size": 100_000})
        next(stream)
        first = host.pid
        # Waits for its turn, which comes when the abandoned stream has been given up.
        assert host.call("echo", {"a": 1}) == {"a": 1}
        assert host.pid == first
        with pytest.raises(StreamStalled, match=r"nobody read what it said for 1 s"):
            list(stream)

    def test_stalled_service_that_does_not_obey_is_replaced(self, make_host):
        host = make_host(stall_timeout_s=1, cancel_grace_s=0.1)
        stream = host.stream("deaf_flow", {})
        next(stream)
        first = host.pid
        assert host.call("echo", {"a": 1}) == {"a": 1}
        assert host.pid != first
        with pytest.raises(StreamStalled):
            list(stream)

    def test_host_is_free_as_soon_as_everything_was_made(self, host):
        stream = host.stream("flow", {"count": 3, "size": 10})
        next(stream)
        assert host.call("how_many", {}) == {"made": 3}
        assert len(list(stream)) == 2


def test_usage_counts_the_child_alone(host):
    before = host.usage()
    assert before.peak_rss_bytes is None
    host.call("echo", {})
    small = host.usage().peak_rss_bytes
    host.call("remember", {"bytes": 100_000_000})
    large = host.usage()
    assert small < 60_000_000
    assert 100_000_000 <= large.peak_rss_bytes < small + 130_000_000
    assert large.cpu_s > 0
