"""What people did that costs or counts: sign-ins and metered consumption, as dated facts."""
