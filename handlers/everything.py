"""All that the bot listens to, gathered."""

from handlers import (
    agreement,
    authority,
    capa,
    capture,
    clocks,
    deviation,
    device,
    evidence,
    export,
    history,
    home,
    lists,
    mention,
    mine,
    oos,
    quality,
    record,
    reminder,
    roster,
    setup,
    signature,
)

LISTENERS = (
    deviation.LISTENERS
    + oos.LISTENERS
    + capa.LISTENERS
    + quality.LISTENERS
    + record.LISTENERS
    + evidence.LISTENERS
    + capture.LISTENERS
    + mention.LISTENERS
    + reminder.LISTENERS
    + signature.LISTENERS
    + device.LISTENERS
    + authority.LISTENERS
    + lists.LISTENERS
    + mine.LISTENERS
    + clocks.LISTENERS
    + agreement.LISTENERS
    + roster.LISTENERS
    + history.LISTENERS
    + export.LISTENERS
    + setup.LISTENERS
    + home.LISTENERS
)
