"""The provisioning bridge: identity events in, roles, plans, seats and explained invoices out."""

import gc

# What is loaded stays. At its own threshold the collector would look through all of it again and again while
# it is loaded, a tenth of the time of a start, and several times in each request for cycles that none leaves.
gc.set_threshold(50_000, 20, 20)
