"""Events of identity providers: kept as they come, applied in the order of their own time."""
