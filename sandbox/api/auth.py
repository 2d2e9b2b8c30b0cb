"""auth.* and oauth.v2.access: whose token this is, getting one, renewing one, giving one up."""

from sandbox.api.registry import Call, method
from sandbox.elements import Json
from sandbox.refused import Refused

_GRANTS = ("authorization_code", "refresh_token")


@method("auth.test")
def test(call: Call) -> Json:
    """Say whose token this is."""
    own = call.installation
    return {
        "url": call.base_url,
        "team": own.name,
        "user": call.world.manifest.bot_name.lower(),
        "team_id": own.id,  # of an org-wide token no source says whether this is the organisation's id: here it is
        "user_id": own.user,
        "bot_id": own.bot,
        **({"enterprise_id": own.enterprise} if own.enterprise else {}),
        "is_enterprise_install": own.org_wide,
    }


@method("auth.revoke")
def revoke(call: Call) -> Json:
    """Revoke the token; with its last one an installation ends, as with an uninstall."""
    is_test = call.flag("test")
    if call.token and not is_test:
        call.token.refused = "token_revoked"
        call.revoked(call.installation)
    return {"revoked": not is_test}


@method("oauth.v2.access", holder="none")
def access(call: Call) -> Json:
    """Exchange a code, or a refresh token, for a bot token."""
    client_id, secret = call.client or (str(call.get("client_id") or ""), str(call.get("client_secret") or ""))
    call.oauth.check_client(client_id, secret)
    grant = str(call.get("grant_type") or _GRANTS[0])
    if grant not in _GRANTS:
        raise Refused("invalid_grant_type")
    if grant == "refresh_token":
        return call.oauth.renew(str(call.get("refresh_token") or ""))
    return call.oauth.redeem(str(call.get("code") or ""), str(call.get("redirect_uri") or ""))
