"""A volume that is full takes no byte more, and goes without a trace."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.faults.volumes import Volume, why_not


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    if why := why_not():
        pytest.skip(why)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "kept").write_text("hidden for a while")
    return Volume(tmp_path / "data", 2 << 20, whose=tmp_path)


def test_a_full_volume_takes_nothing_until_there_is_room(volume: Volume) -> None:
    try:
        assert volume.free_bytes
        volume.fill()
        assert not volume.free_bytes
        with pytest.raises(OSError, match="No space left"):
            (volume.folder / "more").write_bytes(bytes(8192))

        volume.make_room()
        (volume.folder / "more").write_bytes(bytes(8192))
    finally:
        volume.unmount()

    assert [path.name for path in volume.folder.iterdir()] == ["kept"]
