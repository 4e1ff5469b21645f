"""`mien jobs`: what the server has been asked to do."""

import json as json_
from typing import Annotated

import typer
from rich.console import Console

from mien.cli.lists import listed
from mien.cli.parts import parts
from mien.cli.when import moment
from mien.jobs.job import Job
from mien.jobs.store import Listing
from mien.settings import Settings
from mien.wire.batch import STATUS, Completed, Failed, Status, job_json

jobs = typer.Typer(help="Jobs of the server: list, show, cancel, delete.", no_args_is_help=True)
JobId = Annotated[str, typer.Argument(metavar="ID", help="From `mien jobs list`.")]


@jobs.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, help="Jobs to list at most.")] = 20,
    status: Annotated[
        Status | None, typer.Option(help="Only jobs with this status.", case_sensitive=False)
    ] = None,
) -> None:
    """List jobs, newest first. Into a pipe or file: tab-separated, without a header."""
    jobs = parts(Settings()).jobs.list(Listing(limit=limit, status=(status,) if status else ()))
    names = ("id", "status", "created", "files", "found", "errors")
    listed(names, map(_row, jobs), "created", Console())


@jobs.command()
def show(job_id: JobId) -> None:
    """Show a job as JSON, as the API returns it."""
    job = parts(Settings()).jobs.get(job_id)
    shown = job_json(job.id, job.request, job.sources, job.state)
    typer.echo(json_.dumps(shown, indent=2, ensure_ascii=False))
    if not isinstance(job.state, Completed | Failed):
        typer.echo(f"{job.files_done} of {job.files_total} files done, {job.progress:.0%} of all", err=True)


@jobs.command()
def cancel(job_id: JobId) -> None:
    """Cancel a job that has not ended. Its status becomes FAILED, with the message `cancelled`."""
    parts(Settings()).jobs.cancel(job_id)
    typer.echo(f"cancelled {job_id}")


@jobs.command()
def delete(
    job_id: JobId,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
) -> None:
    """Permanently delete a job, its files and its results."""
    if not yes:
        typer.confirm(f"Delete {job_id} and its results for good?", abort=True)
    mien = parts(Settings())
    mien.jobs.delete(job_id)
    mien.files.delete(f"jobs/{job_id}")
    typer.echo(f"deleted {job_id}")


def _row(job: Job) -> list[str]:
    state = job.state
    counts = ["", ""]
    if isinstance(state, Completed):
        counts = [str(state.num_predictions), str(state.num_errors)]
    files = f"{job.files_done}/{job.files_total}"
    return [job.id, STATUS[type(state)], moment(state.created_timestamp_ms), files, *counts]
