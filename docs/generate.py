"""Write docs/reference from the code.

python docs/generate.py            write
python docs/generate.py --check    say whether what is written is still true
"""

import sys
from pathlib import Path

from typer.cli import get_docs_for_click
from typer.main import get_command

from mien.cli import app
from mien.settings import Settings

REFERENCE = Path(__file__).parent / "reference"


def pages() -> dict[str, str]:
    return {"settings.md": settings_page(), "cli.md": cli_page()}


def settings_page() -> str:
    rows = ["# Settings", "", "Environment variables of the server, the workers and the command line.", ""]
    rows += [
        "An empty one counts as not set, but for engines: where it is empty, nothing plays the role.",
        "",
    ]
    rows += ["| variable | default | what it does |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default_factory or field.default is None else repr(field.default)
        text = " ".join((field.description or "").split())
        rows.append(f"| `MIEN_{name.upper()}` | {f'`{default}`' if default else ''} | {text} |")
    return "\n".join(rows) + "\n"


def cli_page() -> str:
    command = get_command(app)
    context = command.make_context("mien", [], resilient_parsing=True)
    return get_docs_for_click(obj=command, ctx=context, name="mien", title="The command line")


def main() -> None:
    stale = []
    for name, text in pages().items():
        path = REFERENCE / name
        if "--check" not in sys.argv:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            stale.append(name)
    if stale:
        sys.exit(f"{', '.join(stale)} no longer says what is true: run python docs/generate.py")


if __name__ == "__main__":
    main()
