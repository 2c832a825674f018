"""What leaves the bridge: so far invoices to Stripe, with attempts, retries and dead letters.

- ``stripe_client`` how Stripe is reached, ``stripe_amounts`` how it counts money;
- ``enrol`` which tenants are collected through it; ``queue`` what is due for them, leased to one worker;
- ``push_invoice`` one invoice over there, ``deliver`` the turn of a worker;
- ``take_event`` what Stripe tells, ``compare`` where both sides differ.

Billing knows nothing of it: deliveries follow from issued invoices and their events.
"""
