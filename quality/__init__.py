"""What QualBridge knows: states, permissions, clocks, calendars, limits; one use case is one function."""
