from __future__ import annotations

import shutil

import pytest

from voicewright.storage.errors import StorageFull
from voicewright.storage.space import require_space


def test_room_is_room_also_for_a_folder_that_is_not_there_yet(tmp_path):
    require_space(tmp_path / "not" / "yet", needed_bytes=1000, reserve_mb=0, purpose="This test")


def test_work_that_does_not_fit_is_refused_with_the_figures(tmp_path):
    free = shutil.disk_usage(tmp_path).free
    with pytest.raises(StorageFull, match=r"^Training Ann needs .* MiB in .* 7 MiB to spare"):
        require_space(tmp_path, needed_bytes=free, reserve_mb=7, purpose="Training Ann")
