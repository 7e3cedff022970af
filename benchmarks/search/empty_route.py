"""What FastAPI costs by itself: a server whose one route returns the bytes of a file. `… FILE FILE_DESCRIPTOR`."""

import socket
import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from starlette.responses import Response


def main() -> None:
    body = Path(sys.argv[1]).read_bytes()
    app = FastAPI()

    @app.get("/v1/cameras")
    async def empty() -> Response:
        return Response(body, media_type="application/geo+json")

    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[2]))])


if __name__ == "__main__":
    main()
