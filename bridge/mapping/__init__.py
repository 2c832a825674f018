"""Rules by which groups and attributes become roles and a plan, with the reason."""
