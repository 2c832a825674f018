"""Engine, sessions bound to one tenant, column types, migrations."""
