"""An app's manifest, read: the only thing the sandbox knows of the app."""

from sandbox.elements import Json


class Manifest:
    """Slack's manifest JSON behind the questions the sandbox asks of it; optional scopes may be declined."""

    def __init__(self, manifest: Json, *, grant_optional: bool = True) -> None:
        self._features: Json = manifest.get("features", {})
        self._settings: Json = manifest.get("settings", {})
        self.name: str = manifest.get("display_information", {}).get("name", "App")
        self.bot_name: str = self._features.get("bot_user", {}).get("display_name", self.name)
        oauth: Json = manifest.get("oauth_config", {})
        self.scopes = _granted(oauth.get("scopes", {}), grant_optional)
        self.asked = _granted(oauth.get("scopes", {}), with_optional=True)
        self.redirect_urls: list[str] = oauth.get("redirect_urls", [])
        self.org_wide: bool = self._settings.get("org_deploy_enabled", False)
        self.commands: list[Json] = self._features.get("slash_commands", [])
        self.shortcuts: list[Json] = self._features.get("shortcuts", [])
        self.events: list[str] = self._settings.get("event_subscriptions", {}).get("bot_events", [])
        self.has_home: bool = self._features.get("app_home", {}).get("home_tab_enabled", False)
        self.interactive: bool = self._settings.get("interactivity", {}).get("is_enabled", False)

    def command(self, name: str) -> Json | None:
        """Return the slash command, or None."""
        return next((command for command in self.commands if command["command"] == name), None)


def _granted(scopes: Json, with_optional: bool) -> list[str]:
    """Return the scopes of the token; one that is optional may also stand among the others."""
    required, optional = scopes.get("bot", []), scopes.get("bot_optional", [])
    if with_optional:
        return list(dict.fromkeys([*required, *optional]))
    return [scope for scope in required if scope not in optional]
