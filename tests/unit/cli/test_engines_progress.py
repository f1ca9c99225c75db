"""How an installation is told while it goes on."""

from __future__ import annotations

from rich.progress import Progress

from voicewright.cli.engines_progress import install_progress, told
from voicewright.engines.installing import Step


def test_where_nobody_watches_each_thing_is_one_line(capsys):
    with install_progress() as on_step:
        on_step(Step("making the environment", 0, None))
        for done in range(3):
            on_step(Step("fetching packages", done, 15))
        for done in (0, 1_000_000, 2_000_000):
            on_step(Step("fetching model.bin", done, 2_000_000, is_bytes=True))
        on_step(Step("trying again to fetch model.bin, as it broke off", 0, None))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "Making the environment ...",
        "Fetching packages (15) ...",
        "Fetching model.bin (0.0 MB of 2.0 MB are there) ...",
        "Trying again to fetch model.bin, as it broke off ...",
    ]


def test_bytes_are_told_with_their_speed_and_what_is_left():
    now = [0.0]
    bar = Progress(get_time=lambda: now[0])
    for total, is_bytes in ((15, False), (None, False), (4_000_000_000, True)):
        bar.add_task("", total=total, is_bytes=is_bytes)
    counted, unknown, fetched = bar.tasks
    for now[0] in (1.0, 2.0, 3.0):
        bar.update(fetched.id, completed=now[0] * 1_000_000)
    assert (told(counted), told(unknown)) == ("0 of 15", "")
    assert told(fetched) == "3.0 MB of 4.0 GB, 1.0 MB/s, 1:06:37 left"
