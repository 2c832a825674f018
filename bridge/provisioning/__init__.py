"""What a SCIM client may do, and the log of what it did."""
