"""``fuseworthy serve``: a model behind HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def serve(
    model: Annotated[
        Path, typer.Argument(help="Folder of a model, as compare --model wrote it, or of an export (export --onnx).")
    ],
    host: Annotated[str, typer.Option(help="Address to listen on; others than this machine's need a token.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 8000,
    token_file: Annotated[
        Path | None, typer.Option(help="File with the token that clients must bring (Authorization: Bearer TOKEN).")
    ] = None,
    allowed_host: Annotated[
        list[str] | None, typer.Option(help="Another name that clients may call the server by; repeatable, * for any.")
    ] = None,
    examples: Annotated[
        Path | None, typer.Option(help="Table whose first eight rows the page offers as examples.")
    ] = None,
    root: Annotated[Path | None, typer.Option(help="Folder that paths in it are relative to (the table's).")] = None,
    log: Annotated[
        Path | None, typer.Option(help="SQLite file that gets every prediction, for a look back later.")
    ] = None,
    log_inputs: Annotated[bool, typer.Option("--log-inputs", help="Log the requests' rows as well.")] = False,
    most_body: Annotated[
        int | None, typer.Option(help="Bytes of a request at most (1 MiB for ready vectors, else 16 MiB).", min=1024)
    ] = None,
    batch: Annotated[
        int, typer.Option(help="Rows answered together at most; 1 for one request at a time.", min=1)
    ] = 32,
    queue: Annotated[int, typer.Option(help="Rows that may wait; beyond them requests get 503.", min=1)] = 512,
) -> None:
    """Serve a model over HTTP: a page to try it, an endpoint for rows, one for tensors, health and metrics.

    A request may lack any modality but not all. Its answer says who gave it (the fusion, or the best single of what there was) and why, what every modality alone says, and whether it is too unsure to rely on. Requests that wait are answered together; when too many wait, the next get 503 and are told when to come back. SIGHUP reads the folder again without losing a request, SIGTERM answers what was accepted and ends. The process needs no torch; texts, tables and files are encoded by a second one.

    Example: fuseworthy serve runs/visits/model --examples visits.parquet

    Then: curl localhost:8000/predict --json '{"rows": [{"voice": [0.1, 0.2]}]}'
    """
    from fuseworthy.deploy.serving.run import serve as run
    from fuseworthy.deploy.serving.settings import Settings, read_token

    settings = Settings(
        host=host,
        port=port,
        hosts=tuple(allowed_host or ()),
        token=None if token_file is None else read_token(token_file),
        most_body=most_body,
        most_rows=batch,
        most_waiting=queue,
        log=log,
        log_inputs=log_inputs,
    )
    run(model, settings, examples=examples, root=root)
