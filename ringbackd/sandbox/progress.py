"""How far a fetch has come: a bar in a terminal, a few plain lines in a log."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from .apt import Progress


@contextmanager
def shown(console: Console, title: str) -> Iterator[Progress]:
    """Yield the function to report progress to; it draws on `console` in the way that suits it."""
    if not console.is_terminal:
        yield _lines(console, title)
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=1.0)
        yield lambda part, what: bar.update(task, completed=part, description=f"{title}: {what}")


def _lines(console: Console, title: str) -> Progress:
    """Print a line when a quarter more is done or another kind of work begins."""
    last = ("", -1)

    def report(part: float, what: str) -> None:
        nonlocal last
        now = (what.split()[0], int(part * 4))
        if now != last:
            console.print(f"{title}: {what}", markup=False, highlight=False)
        last = now

    return report
