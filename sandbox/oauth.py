"""OAuth: what the authorize page asks a person, what Allow and Cancel lead to, and what a code is good for."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sandbox.cast import Person
from sandbox.elements import Json
from sandbox.installations import TOKEN_LIFE, Installation, Token
from sandbox.refused import Refused
from sandbox.world import World

CODE_LIFE = timedelta(minutes=10)


@dataclass(frozen=True)
class Secrets:
    """What the app and Slack know each other by, beside the tokens of installations."""

    app_token: str
    signing_secret: str
    client_id: str
    client_secret: str


@dataclass(frozen=True)
class Request:
    """What an authorize address asks for, found to be in order."""

    scopes: list[str]
    redirect_uri: str
    state: str
    team: str
    named_redirect: bool


@dataclass(frozen=True)
class Grant:
    """What a code stands for until it is used or ten minutes are over."""

    person: Person
    installation: Installation
    request: Request
    expires: datetime


class OAuth:
    """Asks, grants and redeems, for the one app of the sandbox."""

    def __init__(self, world: World, known: Secrets) -> None:
        self._world, self._known = world, known
        self._grants: dict[str, Grant] = {}

    def read(self, query: Mapping[str, str]) -> Request:
        """Return what the address asks for, or refuse it in the word Slack's page shows."""
        if query.get("client_id") != self._known.client_id:
            raise Refused("invalid_client_id")
        named, scopes = query.get("redirect_uri", ""), [one for one in query.get("scope", "").split(",") if one]
        redirect_uri = named or next(iter(self._world.manifest.redirect_urls), "")
        if not any(_is_below(redirect_uri, base) for base in self._world.manifest.redirect_urls):
            raise Refused("bad_redirect_uri")
        if not scopes or not set(scopes) <= set(self._world.manifest.asked):
            raise Refused("invalid_scope")
        return Request(scopes, redirect_uri, query.get("state", ""), query.get("team", ""), bool(named))

    def target(self, person: Person, request: Request) -> Installation:
        """Return the installation Allow would make: the person's workspace or, where the app allows, their org."""
        team = self._world.cast.team(person.team)
        if person.guest or person.id in self._world.deactivated:
            raise Refused("access_denied")  # guests install nothing; Slack shows them words, no source names the code
        if request.team not in ("", team.id, team.enterprise):
            raise Refused("team_not_found")
        org_wide = team.enterprise and self._world.manifest.org_wide and request.team != team.id
        if request.team == team.enterprise and team.enterprise and not org_wide:
            raise Refused("app_not_org_ready")
        return self._world.installations.get(str(team.enterprise) if org_wide else team.id)

    def consent(self, person: Person, query: Mapping[str, str]) -> Json:
        """Return what the page shows this person before they decide."""
        request = self.read(query)
        asked = self.target(person, request)
        kept = [scope for scope in request.scopes if scope in self._world.manifest.scopes]
        more = {"workspace": asked.name, "org_wide": asked.org_wide, "installed": asked.live}
        return {"app": self._world.manifest.name, "scopes": kept, "leads_to": request.redirect_uri, **more}

    def decide(self, person: Person, query: Mapping[str, str], *, allow: bool) -> str:
        """Return the address Slack sends the person's browser to."""
        request = self.read(query)
        if not allow:
            return _with_query(request.redirect_uri, {"error": "access_denied", "state": request.state})
        code = f"sandbox.{secrets.token_hex(16)}"
        until = self._world.clock.now() + CODE_LIFE
        self._grants[code] = Grant(person, self.target(person, request), request, until)
        return _with_query(request.redirect_uri, {"code": code, "state": request.state})

    def check_client(self, client_id: str, client_secret: str) -> None:
        """Refuse whoever is not this app."""
        if client_id != self._known.client_id:
            raise Refused("invalid_client_id")
        if client_secret != self._known.client_secret:
            raise Refused("bad_client_secret")

    def redeem(self, code: str, redirect_uri: str) -> Json:
        """Install what a code stands for, once, and return the token."""
        grant = self._grants.pop(code, None)
        if grant is None or self._world.clock.now() > grant.expires:
            raise Refused("invalid_code")
        if redirect_uri != (grant.request.redirect_uri if grant.request.named_redirect else ""):
            raise Refused("bad_redirect_uri")
        installation, wanted = grant.installation, grant.request.scopes
        scopes = [scope for scope in wanted if scope in self._world.manifest.scopes]
        # Whether an app counts as installed from Allow or from this exchange on, no source says.
        installation.scopes = list(dict.fromkeys([*(installation.scopes or []), *scopes]))
        token = self._world.install(installation)
        return {"authed_user": {"id": grant.person.id}, **self._answer(token)}

    def renew(self, refresh_token: str) -> Json:
        """Return the next pair of tokens."""
        token = self._world.installations.renew(refresh_token)
        if token is None:
            raise Refused("invalid_refresh_token")
        return self._answer(token)

    def _answer(self, token: Token) -> Json:
        own, cast = token.installation, self._world.cast
        enterprise = cast.enterprise(own.enterprise) if own.enterprise else None
        scopes = self._world.manifest.scopes if own.scopes is None else own.scopes
        rotated = {"refresh_token": token.refresh, "expires_in": int(TOKEN_LIFE.total_seconds())}
        return {
            "app_id": cast.app.app,
            "scope": ",".join(scopes),
            "token_type": "bot",
            "access_token": token.text,
            "bot_user_id": own.user,
            "team": None if own.org_wide else {"id": own.id, "name": own.name},
            "enterprise": {"id": enterprise.id, "name": enterprise.name} if enterprise else None,
            "is_enterprise_install": own.org_wide,
            **(rotated if token.refresh else {}),
        }


def _is_below(address: str, base: str) -> bool:
    """Say whether an address is one of the manifest's or lies below it, as Slack takes them."""
    asked, allowed = urlsplit(address), urlsplit(base)
    below = asked.path == allowed.path or asked.path.startswith(allowed.path.rstrip("/") + "/")
    return (asked.scheme, asked.netloc) == (allowed.scheme, allowed.netloc) and below


def _with_query(address: str, more: dict[str, str]) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query), *more.items()])))
