"""What QualBridge remembers: tables, queries, journal, outbox and migrations; no rules live here."""
