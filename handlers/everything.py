"""All that the bot listens to, gathered."""

from handlers import (
    agreement,
    authority,
    batch,
    capa,
    capture,
    channel,
    clocks,
    comings,
    deviation,
    device,
    disposition,
    evidence,
    export,
    history,
    home,
    inspection,
    lists,
    measure,
    mention,
    mine,
    oos,
    own,
    quality,
    record,
    reminder,
    result,
    review,
    roster,
    setup,
    signature,
    specification,
    trend,
    uninstalled,
)

LISTENERS = (
    deviation.LISTENERS
    + oos.LISTENERS
    + capa.LISTENERS
    + specification.LISTENERS
    + measure.LISTENERS
    + review.LISTENERS
    + trend.LISTENERS
    + disposition.LISTENERS
    + batch.LISTENERS
    + inspection.LISTENERS
    + result.LISTENERS
    + quality.LISTENERS
    + record.LISTENERS
    + evidence.LISTENERS
    + capture.LISTENERS
    + mention.LISTENERS
    + reminder.LISTENERS
    + own.LISTENERS
    + signature.LISTENERS
    + device.LISTENERS
    + authority.LISTENERS
    + lists.LISTENERS
    + mine.LISTENERS
    + clocks.LISTENERS
    + agreement.LISTENERS
    + roster.LISTENERS
    + comings.LISTENERS
    + channel.LISTENERS
    + history.LISTENERS
    + export.LISTENERS
    + setup.LISTENERS
    + uninstalled.LISTENERS
    + home.LISTENERS
)
