"""How a host process ends, or has to be ended: cancelled, out of time, crashed, hung, without a parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from voicewright.engines.errors import Cancelled, HostDied, HostHung, HostTimedOut
from voicewright.engines.host import frames
from voicewright.engines.host.events import LogLine
from voicewright.engines.host.process import HostProcess

HERE = Path(__file__).parent

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="waits for foreign processes with pidfd")


class TestCancelling:
    def test_listening_service_stops_and_the_host_stays(self, host):
        host.start()
        first = host.pid
        cancel = threading.Event()
        with pytest.raises(Cancelled):
            host.call("endless", {}, on_event=lambda _: cancel.set(), cancel=cancel)
        assert host.call("echo", {"a": 1}) == {"a": 1}
        assert host.pid == first

    def test_deaf_service_is_killed_and_replaced_by_the_next_request(self, make_host):
        host = make_host(cancel_grace_s=0.2)
        host.start()
        first = host.pid
        cancel = threading.Event()
        with pytest.raises(Cancelled):
            host.call("deaf", {}, on_event=lambda _: cancel.set(), cancel=cancel)
        assert host.pid is None
        assert host.call("echo", {"a": 1}) == {"a": 1}
        assert host.pid not in {None, first}

    def test_request_cancelled_beforehand_starts_nothing(self, host):
        cancel = threading.Event()
        cancel.set()
        with pytest.raises(Cancelled):
            host.call("echo", {}, cancel=cancel)
        assert host.pid is None

    def test_waiting_for_a_turn_can_be_cancelled(self, host):
        stream = host.stream("flow", {"count": 10**9, "size": 100_000})
        next(stream)
        cancel = threading.Event()
        timer = threading.Timer(0.05, cancel.set)
        timer.start()
        with pytest.raises(Cancelled):
            host.call("echo", {}, cancel=cancel)
        timer.join()
        stream.close()

    def test_start_can_be_cancelled(self, make_host):
        host = make_host(arguments={"start": "wait"})
        cancel = threading.Event()
        timer = threading.Timer(0.2, cancel.set)
        timer.start()
        with pytest.raises(Cancelled):
            host.call("echo", {}, cancel=cancel)
        timer.join()
        assert host.pid is None

    @pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
    def test_exception_in_the_callers_event_handler_cancels_the_work(self, host, error):
        def fail(_):
            raise error

        host.start()
        first = host.pid
        with pytest.raises(error):
            host.call("endless", {}, on_event=fail)
        assert host.call("echo", {"a": 1}) == {"a": 1}
        assert host.pid == first

    def test_interrupt_of_the_terminal_is_left_to_the_parent(self, host):
        assert host.call("interrupt_self", {}) == {"survived": True}


class TestTimeOuts:
    def test_work_beyond_the_callers_limit_is_stopped(self, host):
        host.start()
        with pytest.raises(HostTimedOut, match=r"0\.2 s") as caught:
            host.call("endless", {}, timeout_s=0.2)
        assert caught.value.retryable
        assert host.call("echo", {"a": 1}) == {"a": 1}

    def test_limit_of_a_stream_counts_per_item(self, host):
        items = host.stream("flow", {"count": 3, "size": 1}, timeout_s=20)
        assert len(list(items)) == 3


class TestDeath:
    def test_killed_host_is_noticed_with_its_last_words(self, host):
        with pytest.raises(HostDied) as caught:
            host.call("die", {})
        assert "The odd service was killed (SIGKILL" in caught.value.message
        assert "famous last words" in caught.value.message
        assert caught.value.retryable

    def test_crash_in_c_leaves_the_stack_in_the_message(self, host):
        with pytest.raises(HostDied, match=r"SIGSEGV.*crash"):
            host.call("crash", {})

    def test_next_request_gets_a_new_host(self, host):
        with pytest.raises(HostDied):
            host.call("die", {})
        assert host.call("echo", {"a": 1}) == {"a": 1}

    def test_idle_host_that_was_killed_is_replaced(self, host, wait_until_gone):
        host.start()
        first = host.pid
        os.kill(first, signal.SIGKILL)
        wait_until_gone(first)
        assert host._connection.dead.wait(20)
        assert host.call("echo", {"a": 1}) == {"a": 1}

    def test_usage_survives_the_host(self, host):
        host.call("echo", {})
        with pytest.raises(HostDied):
            host.call("die", {})
        assert host.usage().peak_rss_bytes > 0

    def test_death_is_noticed_although_a_grandchild_holds_the_pipes(self, host, wait_until_gone):
        lines = []
        with pytest.raises(HostDied):
            host.call("leave_child_behind", {}, on_event=lines.append)
        [line] = [event.text for event in lines if isinstance(event, LogLine)]
        wait_until_gone(int(line))

    def test_closing_takes_grandchildren_along(self, host, wait_until_gone):
        grandchild = host.call("spawn", {})["pid"]
        host.close()
        wait_until_gone(grandchild)

    def test_forgotten_host_takes_its_child_along(self, wait_until_gone):
        host = HostProcess("odd_service:OddService", env={"PYTHONPATH": str(HERE)})
        host.start()
        child = host.pid
        del host
        wait_until_gone(child)


class TestHanging:
    def test_stopped_process_is_removed(self, make_host):
        host = make_host(hang_timeout_s=1.5)
        with pytest.raises(HostHung, match=r"no sign of life for 1\.5 s") as caught:
            host.call("freeze", {})
        assert caught.value.retryable
        assert host.call("echo", {"a": 1}) == {"a": 1}

    def test_process_that_holds_the_interpreter_too_long_says_where_it_is_stuck(self, make_host):
        host = make_host(hang_timeout_s=1.5)
        with pytest.raises(HostHung, match="hold_interpreter"):
            host.call("hold_interpreter", {"length": 60})

    def test_process_that_holds_the_interpreter_for_a_while_is_left_alone(self, host):
        host.start()
        first = host.pid
        assert host.call("hold_interpreter", {"length": 24}) == {}
        assert host.pid == first

    def test_work_without_a_word_has_a_heartbeat(self):
        def send(header):
            child.stdin.write(frames.encode({"id": 1, **header}))
            child.stdin.flush()

        with subprocess.Popen(
            [sys.executable, "-m", "voicewright.engines.host.child", "odd_service:OddService"],
            env={**os.environ, "PYTHONPATH": str(HERE)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as child:
            frames.skip_to_preamble(child.stdout)
            send({"type": "init", "name": "The odd service", "arguments": {}, "beat_s": 0.01})
            send({"type": "call", "method": "deaf", "params": {}})
            beats = 0
            while beats < 3:
                header, _ = frames.read(child.stdout)
                assert header["type"] != "error", header
                beats += header["type"] == "beat"
            child.kill()


class TestDeathOfTheParent:
    PARENT = textwrap.dedent("""
        import sys, threading
        from voicewright.engines.host.process import HostProcess
        host = HostProcess("odd_service:OddService")
        host.start()
        print(host.pid, flush=True)
        {then}
    """)

    def start_parent(self, then):
        return subprocess.Popen(
            [sys.executable, "-c", self.PARENT.format(then=then)],
            env={**os.environ, "PYTHONPATH": str(HERE)},
            stdout=subprocess.PIPE,
        )

    @pytest.mark.parametrize(
        "then",
        [
            "threading.Event().wait()",
            "host.call('hold_interpreter', {'length': 60}, on_event=lambda _: print('busy', flush=True))",
        ],
        ids=["idle", "holding the interpreter"],
    )
    def test_killed_parent_takes_the_child_along(self, then, wait_until_gone):
        with self.start_parent(then) as parent:
            child = int(parent.stdout.readline())
            if "busy" in then:
                assert parent.stdout.readline() == b"busy\n"
            parent.kill()
        wait_until_gone(child)

    @pytest.mark.parametrize("then", ["pass", "sys.exit(3)", "raise SystemExit", "host.call('die', {})"])
    def test_parent_that_ends_without_closing_leaves_no_child(self, then, wait_until_gone):
        with self.start_parent(then) as parent:
            child = int(parent.stdout.readline())
            parent.wait(20)
        wait_until_gone(child)

    def test_end_of_standard_input_ends_the_child_on_its_own(self):
        child = subprocess.Popen(
            [sys.executable, "-m", "voicewright.engines.host.child", "odd_service:OddService"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert b"voicewright-host" in child.stdout.readline()
        child.stdin.close()
        with child:
            child.wait(20)

    def test_forked_copy_of_the_parent_leaves_the_child_alone(self):
        then = (
            "import os; copy = os.fork(); copy or sys.exit(); os.waitpid(copy, 0); "
            "print(host.call('echo', {'pid': host.pid})['pid'])"
        )
        with self.start_parent(then) as parent:
            first, again = parent.stdout.read().split()
        assert first == again
