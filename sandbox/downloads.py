"""How an app fetches a file: with its token and files:read it gets the bytes, else Slack's page for logging in."""

import asyncio

from aiohttp import web

from sandbox.elements import Json
from sandbox.faults import Fault
from sandbox.files import is_deleted
from sandbox.world import World

SCOPE = "files:read"
PAGE = "<!DOCTYPE html><html><title>Sign in to the workspace</title></html>"


async def download(request: web.Request, world: World, fault: Fault) -> web.StreamResponse:
    """Answer the address `url_private_download`, as well as a fault lets it.

    `drop` cuts the connection before a byte, `lost` after half of them; `garbage` comes as a page in place of the file;
    `redirect` leads elsewhere.
    """
    await asyncio.sleep(fault.hang)
    if fault.drop and request.transport:
        request.transport.abort()
    if fault.redirect is not None:
        raise web.HTTPFound(fault.redirect)
    if fault.status or fault.error:
        return web.Response(status=fault.status or 500)
    if fault.garbage is not None:
        return web.Response(text=fault.garbage, content_type="text/html")
    file = world.files.get(request.match_info["file"])
    if file is None or is_deleted(file):
        raise web.HTTPNotFound
    if not _may_read(request, world):
        return web.Response(text=PAGE, content_type="text/html")
    return await _sent(request, file, half=fault.lost)


def _may_read(request: web.Request, world: World) -> bool:
    token = world.installations.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
    return token is not None and token.refused is None and token.installation.live and SCOPE in world.manifest.scopes


async def _sent(request: web.Request, file: Json, *, half: bool) -> web.StreamResponse:
    content: bytes = file["content"]
    headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    if not half:
        return web.Response(body=content, content_type=file["mimetype"], headers=headers)
    response = web.StreamResponse(headers={**headers, "Content-Length": str(len(content))})
    await response.prepare(request)
    await response.write(content[: len(content) // 2])
    if request.transport:
        request.transport.close()
    return response
