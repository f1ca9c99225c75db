"""A service for the tests of the host process: well-behaved, broken and hostile methods."""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import os
import re
import signal
import subprocess
import sys
import time

from voicewright.errors import AppError, ErrorKind


class OddSocks(AppError):
    code = "ODD_SOCKS"
    kind = ErrorKind.CONFLICT
    default_retryable = True


class OddService:
    def __init__(self, greeting="hello", start="well"):
        self.greeting = greeting
        self.made = 0
        if start == "refuse":
            raise OddSocks("One sock is missing; look under the bed.")
        if start == "exit":
            print("cannot go on")
            sys.exit(7)
        if start == "wait":
            time.sleep(1000)

    # Well-behaved

    def echo(self, params, context):
        return params

    def greet(self, params, context):
        return {"greeting": self.greeting, "variable": os.environ.get("ODD_VARIABLE")}

    def talk(self, params, context):
        context.progress("starting", 0.0)
        context.metric("loss", 0.5, step=3)
        context.log("a line")
        context.progress("ending", 1.0)
        return {}

    def flow(self, params, context):
        self.made = 0
        for _ in range(params["count"]):
            self.made += 1
            yield bytes(params["size"])

    def mixed(self, params, context):
        yield {"first": 1}
        yield b"two"
        yield {"third": 3}

    def how_many(self, params, context):
        return {"made": self.made}

    def endless(self, params, context):
        context.progress("on and on", 0.5)
        while True:
            context.check_cancelled()
            time.sleep(0.01)

    def environment(self, params, context):
        return {
            "executable": sys.executable,
            "found": [name for name in params["names"] if importlib.util.find_spec(name)],
            "stdin": sys.stdin.read(),
        }

    def variables(self, params, context):
        return {name: os.environ.get(name) for name in params["names"]}

    def import_modules(self, params, context):
        for name in params["names"]:
            importlib.import_module(name)
        return {}

    def remember(self, params, context):
        self.ballast = b"x" * params["bytes"]
        return {}

    # Broken

    def boom(self, params, context):
        raise ValueError("the boiler\nis out")

    def refuse(self, params, context):
        raise OddSocks("Two socks differ; wash them together.")

    def no_memory(self, params, context):
        raise MemoryError

    def no_disk(self, params, context):
        raise OSError(28, "No space left on device")

    def exit(self, params, context):
        sys.exit("bye")

    def number(self, params, context):
        return 42

    def unsendable(self, params, context):
        return {"set": {1}}

    def bad_item(self, params, context):
        yield "text"

    def breaks_off(self, params, context):
        yield b"one"
        raise ValueError("out of thread")

    def print(self, params, context):
        print("by Python")
        os.write(1, b"by C\n")
        return {}

    def flood(self, params, context):
        for _ in range(params["lines"]):
            os.write(2, b"x" * 99 + b"\n")
        return {}

    # Hostile

    def deaf(self, params, context):
        context.progress("not listening", 0.0)
        while True:
            time.sleep(0.01)

    def deaf_flow(self, params, context):
        while True:
            try:
                yield bytes(100_000)
            except GeneratorExit:
                time.sleep(1000)

    def die(self, params, context):
        os.write(2, b"famous last words\n")
        os.kill(os.getpid(), signal.SIGKILL)

    def crash(self, params, context):
        ctypes.string_at(0)

    def freeze(self, params, context):
        os.kill(os.getpid(), signal.SIGSTOP)

    def hold_interpreter(self, params, context):
        # Loads the regular expression engine, which keeps the interpreter to itself until it is done.
        context.progress("matching", 0.0)
        re.match(r"(a+)+b", "a" * params["length"])
        return {}

    def leave_child_behind(self, params, context):
        child = os.fork()  # keeps every pipe of ours open
        if child == 0:
            time.sleep(1000)
        context.log(str(child))
        os.kill(os.getpid(), signal.SIGKILL)

    def spawn(self, params, context):
        return {"pid": subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"]).pid}

    def interrupt_self(self, params, context):
        os.kill(os.getpid(), signal.SIGINT)
        return {"survived": True}
