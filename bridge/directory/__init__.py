"""People, groups, memberships as dated facts, and the list of whom a change concerns."""
