"""Tables of which some rows are imported when somebody asks for them."""

from __future__ import annotations

import sys
import threading

import pytest

from tinygrad_lab.later import Table

OF_A_LIBRARY = """
def theirs(): pass
theirs.__module__ = "a_library.parts"
"""


@pytest.fixture
def table(tmp_path, monkeypatch):
    """A table with one row here, one in a module of its own, and one of a library's function in a third."""
    (tmp_path / "a_library.py").write_text(OF_A_LIBRARY)
    (tmp_path / "of_a_library.py").write_text("import a_library, rows\nrows.TABLE[a_library.theirs] = 2\n")
    (tmp_path / "of_its_own.py").write_text("import rows\ndef own(): pass\nrows.TABLE[own] = 3\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    table = Table()
    table[len] = 1
    monkeypatch.setitem(sys.modules, "rows", type(sys)("rows"))
    sys.modules["rows"].TABLE = table
    table.later("of_a_library", "a_library")
    table.later("of_its_own")
    yield table
    for name in ("a_library", "of_a_library", "of_its_own"):
        sys.modules.pop(name, None)


def theirs():
    import a_library

    return a_library.theirs


def test_a_row_that_is_not_there_is_imported_with_those_of_its_library(table):
    assert table[theirs()] == 2
    assert "of_its_own" not in sys.modules


def test_a_function_of_another_library_is_looked_for_nowhere(table):
    theirs()  # its library is there
    assert table.get(test_a_function_of_another_library_is_looked_for_nowhere) is None
    assert test_a_function_of_another_library_is_looked_for_nowhere not in table
    with pytest.raises(KeyError):
        table[pytest.raises]
    assert "of_a_library" not in sys.modules


def test_what_does_not_know_its_library_may_be_of_any(table):
    theirs()
    nameless: dict[str, object] = {}
    exec("def function(): pass", nameless)
    for key in (max, nameless["function"], 7):
        assert table.get(key) is None
    assert sorted(table.here.values()) == [1, 2]


@pytest.mark.parametrize("read", [list, len, dict, repr, lambda table: list(table.items()), lambda table: table == {}])
def test_who_reads_the_whole_table_reads_all_rows(table, read):
    theirs()
    read(table)
    assert sorted(table.here.values()) == [1, 2, 3]


def test_rows_of_a_library_wait_for_the_library(table):
    assert sorted(table.values()) == [1, 3]
    assert "a_library" not in sys.modules
    theirs()
    assert sorted(table.values()) == [1, 2, 3]


def test_a_row_written_or_deleted_stays_so_whatever_is_imported_later(table):
    assert theirs() in table
    del table[theirs()]
    assert sorted(table.values()) == [1, 3]
    table[theirs()] = 5
    assert table[theirs()] == 5


def test_a_row_may_be_deleted_before_it_was_read(table):
    del table[theirs()]
    assert theirs() not in table


def test_threads_that_look_for_the_same_row_all_find_it(table):
    key, found = theirs(), []
    threads = [threading.Thread(target=lambda: found.append(table.get(key))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [2] * 8
