"""A person's workspace by every id that Slack names it by: of an organisation, itself and each of its workspaces."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    nothing = sa.text("''")
    op.add_column("open_home", sa.Column("teams", sa.String(length=500), server_default=nothing, nullable=False))
    op.add_column("person", sa.Column("other_teams", sa.String(length=500), server_default=nothing, nullable=False))
    op.execute("UPDATE person SET other_teams = other_team_id WHERE other_team_id IS NOT NULL")
    op.drop_column("person", "other_team_id")
