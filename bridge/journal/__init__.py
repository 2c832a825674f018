"""What happened, who caused it, in which request; append-only, sealed into a chain."""
