"""What goes away warns first, where it is used, and works until then."""

from __future__ import annotations

import sys
import types

import pytest

from tinygrad_lab.deprecation import deprecated, old_names

TEXT = "is deprecated since version 0.2 and goes away in the next minor version; use tl.new"


def test_a_function_works_warns_where_it_is_called_and_says_so_in_its_docstring():
    @deprecated("0.2", instead="tl.new")
    def old(a, *, b):
        """Add."""
        return a + b

    with pytest.warns(DeprecationWarning, match=f"^old {TEXT}$") as caught:
        assert old(1, b=2) == 3
    assert caught[0].filename == __file__
    assert old.__name__ == "old"
    assert old.__doc__ == "Deprecated since version 0.2: use `tl.new`.\n\nAdd."


def test_a_class_stays_a_class():
    @deprecated("0.2", instead="tl.new")
    class Old:
        def __init__(self, a):
            self.a = a

    with pytest.warns(DeprecationWarning, match=f"^Old {TEXT}$") as caught:
        made = Old(3)
    assert caught[0].filename == __file__
    assert isinstance(made, Old)
    assert made.a == 3
    assert Old.__doc__ == "Deprecated since version 0.2: use `tl.new`."


def test_a_module_keeps_its_old_names_for_a_while(monkeypatch):
    module = types.ModuleType("some_module")
    module.__getattr__ = old_names("some_module", "0.2", {"old": ("tl.new", len)})
    monkeypatch.setitem(sys.modules, "some_module", module)
    with pytest.warns(DeprecationWarning, match=f"^some_module.old {TEXT}$") as caught:
        from some_module import old
    assert caught[0].filename == __file__
    assert old is len
    with pytest.raises(AttributeError, match="module 'some_module' has no attribute 'other'"):
        module.other  # noqa: B018
