"""All that the bot listens to, gathered."""

from handlers import (
    authority,
    capa,
    deviation,
    device,
    export,
    history,
    home,
    lists,
    oos,
    quality,
    record,
    setup,
    signature,
)

LISTENERS = (
    deviation.LISTENERS
    + oos.LISTENERS
    + capa.LISTENERS
    + quality.LISTENERS
    + record.LISTENERS
    + signature.LISTENERS
    + device.LISTENERS
    + authority.LISTENERS
    + lists.LISTENERS
    + history.LISTENERS
    + export.LISTENERS
    + setup.LISTENERS
    + home.LISTENERS
)
