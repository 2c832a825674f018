"""Who signs in: identity providers' tokens, verified strictly, linked to people of the directory."""
