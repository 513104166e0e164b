"""Bars of rows done, for commands that go through a table."""

from __future__ import annotations


class Bars:
    """Draws rows done, rows a second and the time left of each modality; plain lines where there is no terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self.console = Console(stderr=True, highlight=False)
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("[dim]left"),
            console=self.console,
        )
        self.tasks: dict[str, int] = {}
        self.said: dict[str, int] = {}

    def on_rows(self, modality: str, done: int, total: int) -> None:
        """Rows of a modality that are encoded."""
        if self.console.is_terminal and not self.tasks:
            self.bar.start()
        if modality not in self.tasks:
            self.tasks[modality] = self.bar.add_task(modality, total=total, rate="")
        task = self.bar.tasks[self.tasks[modality]]
        speed = f"{task.speed:,.0f} rows/s" if task.speed else ""
        self.bar.update(task.id, completed=done, rate=speed)
        quarter = 4 * done // max(total, 1)
        if not self.console.is_terminal and quarter > self.said.get(modality, 0):
            self.said[modality] = quarter
            self.say(f"{modality}: {done:,} of {total:,} rows{', ' + speed if speed else ''}")

    def say(self, line: str) -> None:
        """A notice."""
        self.console.print(line, style="dim", markup=False, soft_wrap=True)

    def end(self) -> None:
        """Stop drawing."""
        self.bar.stop()
