"""Who is calling, and with which rights."""
