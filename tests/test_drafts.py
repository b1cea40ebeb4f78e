"""A file that is written anew is the old one or the new one, whatever happens."""

from __future__ import annotations

import pytest

from tinygrad_lab.drafts import draft


def test_the_draft_takes_the_place_of_the_file(tmp_path):
    path = tmp_path / "a"
    path.write_text("old")
    with draft(path) as new:
        new.write_text("new")
        assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["a"]
    assert path.read_text() == "new"


@pytest.mark.parametrize("error", [OSError("no space left"), KeyboardInterrupt()])
@pytest.mark.parametrize("begun", [True, False])
def test_an_interrupted_draft_goes_and_the_file_stays(error, begun, tmp_path):
    path = tmp_path / "a"
    path.write_text("old")

    def write():
        with draft(path) as new:
            if begun:
                new.write_text("ne")
            raise error

    with pytest.raises(type(error)):
        write()
    assert [file.name for file in tmp_path.iterdir()] == ["a"]
    assert path.read_text() == "old"


def test_drafts_at_once_do_not_meet(tmp_path):
    with draft(tmp_path / "a") as one, draft(tmp_path / "a") as two:
        one.write_text("1")
        two.write_text("2")
    assert (tmp_path / "a").read_text() == "1"
