"""The floor: a Bolt app on this transport that acknowledges `/quality` and does nothing else.

`python -m benchmarks.floor PORT SECRET LISTENERS WAITING`: with more listeners the last one is asked for; waiting
leaves Bolt's own default, `process_before_response=False`.
"""

import asyncio
import sys

import uvloop
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck


async def serve(port: int, secret: str, listeners: int, *, waiting: bool) -> None:
    """Serve until killed."""

    async def authorize(**_: object) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T0", bot_token="xoxb-0", bot_user_id="U0")  # noqa: S106 - invented

    app = AsyncApp(signing_secret=secret, authorize=authorize, process_before_response=not waiting)

    async def noop(ack: AsyncAck) -> None:
        await ack()

    for number in range(listeners - 1):
        app.command(f"/other{number}")(noop)
    app.command("/quality")(noop)

    async def on_slack(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    async def on_ready(_: web.Request) -> web.Response:
        return web.Response()

    server = web.Application()
    server.add_routes([web.post("/slack/events", on_slack), web.get("/readyz", on_ready)])
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), waiting=sys.argv[4] == "yes"))
