"""Other SCIM servers, installed by the bench for comparison; only our own adapters are kept here."""
