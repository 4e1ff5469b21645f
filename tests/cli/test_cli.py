"""The command line as a whole."""

import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typer.main import get_command

from mien.cli import app, main


def test_what_the_system_refuses_is_said_in_one_line(monkeypatch, capsys, environment, tmp_path):
    (tmp_path / "file").touch()
    for name, value in (environment | {"MIEN_HOME": str(tmp_path / "file" / "home")}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["mien", "keys", "list"])
    monkeypatch.setenv("COLUMNS", "300")

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        f"mien: the folder {tmp_path / 'file' / 'home'} cannot be written to: Not a directory;"
        " MIEN_HOME names another\n"
    )


def test_a_home_that_cannot_be_written_to_is_broken_and_the_rest_is_looked_at(run, environment, tmp_path):
    (tmp_path / "file").touch()
    environment |= {"MIEN_HOME": str(tmp_path / "file" / "home"), "COLUMNS": "300"}

    ran = run("doctor")

    assert ran.exit_code == 1
    assert "Not a directory; MIEN_HOME names another" in ran.stdout
    assert "model face" in ran.stdout


def test_a_setting_that_there_is_not_is_told(run, environment):
    environment |= {"MIEN_PROT": "80", "MIEN_NO_PAGE": "1", "MIEN_OFFLINE": "1"}

    ran = run("keys", "list")

    assert ran.stderr == "mien: note: there is no setting MIEN_PROT; did you mean MIEN_PORT?\n"


def _commands(command, words=()):
    yield command, words
    for name, inner in getattr(command, "commands", {}).items():
        yield from _commands(inner, (*words, name))


def test_at_80_columns_the_help_cuts_nothing_off(run, environment):
    environment["COLUMNS"] = "80"

    for command, words in _commands(get_command(app)):
        shown = run(*words, "--help").stdout
        for parameter in (one for one in command.params if not getattr(one, "hidden", False)):
            options = [name for name in (*parameter.opts, *parameter.secondary_opts) if name.startswith("--")]
            assert [name for name in options if name not in shown] == []
        for example in (line for line in command.help.splitlines() if line.startswith("  mien")):
            assert f"{example}\n" in shown
        assert max(map(len, shown.splitlines())) <= 80
        assert "..." not in shown.replace("]...", "").replace("}...", "")  # what a command does, cut short


def test_what_looks_like_markup_is_shown(run):
    assert "owner/name[@revision]" in run("models", "pull", "--help").stdout


@pytest.fixture
def web():
    """A web server that has nothing."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()


def test_addresses_whose_queries_may_be_keys_are_not_logged(run, environment, web, caplog):
    environment["MIEN_OPEN_HOSTS"] = web
    caplog.set_level("INFO")

    run("--verbose", "measure", f"http://{web}/nowhere.wav?key=hush")

    assert "hush" not in caplog.text
