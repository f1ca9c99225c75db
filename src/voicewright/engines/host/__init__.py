"""The host process: any service in a child process that can be cancelled, timed out, killed and measured.

`HostProcess` (in `process`) is the parent's side. `child` is the program that it starts. Between them go
length-prefixed JSON frames with binary payloads over the child's standard input and output (`frames`).

Nothing in this package imports anything but the standard library, `voicewright.errors` and
`voicewright.engines.errors`, so the child runs in any virtual environment with Python 3.11 or newer. This
module itself imports nothing: the child passes through it before it has secured its output.
"""
