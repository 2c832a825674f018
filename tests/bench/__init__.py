"""How fast the bridge is, measured on this machine against a bare reference and other SCIM servers."""
