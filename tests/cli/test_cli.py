"""The command line as a whole."""

import sys

import pytest

from mien.cli import main


def test_what_the_system_refuses_is_said_in_one_line(monkeypatch, capsys, environment, tmp_path):
    (tmp_path / "file").touch()
    for name, value in (environment | {"MIEN_HOME": str(tmp_path / "file" / "home")}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["mien", "doctor"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    assert capsys.readouterr().err == f"mien: {tmp_path / 'file' / 'home'}: Not a directory\n"
