"""All that the bot listens to, gathered."""

from handlers import capa, deviation, history, home, lists, oos, quality, record, setup

LISTENERS = (
    deviation.LISTENERS
    + oos.LISTENERS
    + capa.LISTENERS
    + quality.LISTENERS
    + record.LISTENERS
    + lists.LISTENERS
    + history.LISTENERS
    + setup.LISTENERS
    + home.LISTENERS
)
