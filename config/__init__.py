"""Settings and the catalogues of plans and roles."""
