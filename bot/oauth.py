"""The pages by which a workspace installs the app, and what they leave behind: Slack's OAuth, states, tokens."""

import html
import secrets
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from logging import Logger, getLogger

from slack_bolt.oauth.async_callback_options import AsyncCallbackOptions, AsyncFailureArgs, AsyncSuccessArgs
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.response import BoltResponse
from slack_sdk.oauth.installation_store import Installation as Granted
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore

from bot.installations import StoredInstallations
from bot.settings import Settings
from handlers.manifest import OPTIONAL_SCOPES, SCOPES
from storage import installation as stored
from storage.installation import Installed

INSTALL, REDIRECT = "/slack/install", "/slack/oauth_redirect"
STATE_LIVES = timedelta(minutes=10)
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title} · QualBridge</title>
<style>body{{font:1.05rem/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1.2rem;color:#1d2b36}}
h1{{font-size:1.5rem}}a.button{{display:inline-block;padding:.6rem 1.1rem;border-radius:.4rem;background:#1d3b53;
color:#fff;text-decoration:none}}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>"""
WHY = {
    "access_denied": "The installation was cancelled in Slack. Nothing was installed.",
    "invalid_browser": "This page was not opened by the browser that began the installation.",
    "invalid_state": "This address was used before, or is older than ten minutes.",
    "missing_code": "Slack gave no code with this address.",
    "invalid_code": "Slack did not accept the code of this address.",
    "storage_error": "The installation could not be saved.",
}


class States(AsyncOAuthStateStore):
    """States in the database: good once, for ten minutes."""

    def __init__(self, installations: StoredInstallations) -> None:
        self._installations = installations

    @property
    def logger(self) -> Logger:
        """What the library logs to."""
        return getLogger(__name__)

    async def async_issue(self, *_: object, **__: object) -> str:
        """Give a state out."""
        state = secrets.token_urlsafe(32)
        expires_at = self._installations.now() + STATE_LIVES
        await self._installations.database.write(lambda session: stored.expect(session, state, expires_at))
        return state

    async def async_consume(self, state: str) -> bool:
        """Use a state up."""
        now = self._installations.now()
        return await self._installations.database.write(lambda session: stored.consume(session, state, now))


class Tokens(AsyncInstallationStore):
    """Installations in the database, their tokens sealed."""

    def __init__(self, installations: StoredInstallations) -> None:
        self._installations = installations

    @property
    def logger(self) -> Logger:
        """What the library logs to."""
        return getLogger(__name__)

    async def async_save(self, installation: Granted) -> None:
        """Keep what Slack granted."""
        known = self._installations
        row = _row(installation, known, known.now())
        await known.database.write(lambda session: stored.save(session, row))
        known.forget(row.serves)


def _row(granted: Granted, known: StoredInstallations, now: datetime) -> Installed:
    is_organisation = bool(granted.is_enterprise_install)
    serves = granted.enterprise_id if is_organisation else granted.team_id
    refresh = granted.bot_refresh_token
    ends = granted.bot_token_expires_at  # by the machine's own clock, in seconds
    return Installed(
        serves=serves or "",
        name=((granted.enterprise_name if is_organisation else granted.team_name) or serves or "")[:120],
        bot_user_id=granted.bot_user_id or "",
        bot_id=granted.bot_id or "",
        scopes=",".join(granted.bot_scopes or []),
        token=known.safe.lock(granted.bot_token or ""),
        refresh_token=known.safe.lock(refresh) if refresh else None,
        expires_at=now + timedelta(seconds=ends - time.time()) if ends else None,
        installed_at=now,
        installed_by=granted.user_id,
    )


class Flow(AsyncOAuthFlow):
    """Slack's OAuth with pages of our own."""

    async def build_install_page_html(self, url: str, request: object) -> str:  # noqa: ARG002 - the library's signature
        """Draw the page that leads to Slack."""
        return page(
            "Install QualBridge",
            "<p>QualBridge keeps deviations, OOS results and CAPAs of a sponsor and its contract manufacturer in the "
            "Slack channel they share. Your workspace is asked which access it grants.</p>"
            f'<p><a class="button" href="{html.escape(url)}">Choose your workspace in Slack</a></p>',
        )


def flow(settings: Settings, installations: StoredInstallations) -> Flow:
    """Give the flow of installations."""
    return Flow(
        client=installations.slack,
        settings=AsyncOAuthSettings(
            client_id=settings.slack_client_id,
            client_secret=settings.slack_client_secret,
            authorization_url=settings.authorize_url,
            scopes=[*SCOPES, *OPTIONAL_SCOPES],
            install_path=INSTALL,
            redirect_uri_path=REDIRECT,
            installation_store=Tokens(installations),
            state_store=States(installations),
            callback_options=AsyncCallbackOptions(success=on_success, failure=on_failure),
        ),
    )


async def on_success(args: AsyncSuccessArgs) -> BoltResponse:
    """Tell what to do next."""
    granted = args.installation
    name = html.escape(granted.team_name or granted.enterprise_name or "your workspace")
    body = (
        f"<p>QualBridge is installed in <strong>{name}</strong>.</p><ul>"
        "<li>Your company sets the shared channel up: invite the bot there with <code>/invite @QualBridge</code>, then "
        "run <code>/quality setup</code>.</li>"
        "<li>The other company has set it up already: its bot writes there, and yours need not be in the channel. Your "
        "people have the commands, App Home and direct messages now; your QA press <strong>Confirm</strong>.</li></ul>"
        "<p>You may close this page.</p>"
    )
    return _answer(200, "Installed", body)


async def on_failure(args: AsyncFailureArgs) -> BoltResponse:
    """Tell why nothing was installed, and how to try again."""
    why = WHY.get(args.reason, "Slack did not finish the installation.")
    body = f'<p>{why}</p><p><a class="button" href="{INSTALL}">Try again</a></p>'
    return _answer(args.suggested_status_code, "Not installed", body)


def failed() -> BoltResponse:
    """Tell that something went wrong on our side."""
    body = f'<p>{WHY["storage_error"]}</p><p><a class="button" href="{INSTALL}">Try again</a></p>'
    return _answer(500, "Not installed", body)


def page(title: str, body: str) -> str:
    """Draw a page."""
    return PAGE.format(title=title, body=body)


def _answer(status: int, title: str, body: str) -> BoltResponse:
    headers: dict[str, str | Sequence[str]] = {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-store",
    }
    return BoltResponse(status=status, headers=headers, body=page(title, body))
