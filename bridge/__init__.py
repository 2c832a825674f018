"""The provisioning bridge: identity events in, roles, plans, seats and explained invoices out."""
