"""An Okta and an Entra that speak SCIM over HTTP as the real ones do.

``company``  who works there: made-up people, from a seed
``story``    what happens to them: six weeks of dated events, told with the words of ``events``
``okta`` ``entra``  an event as the requests of the real client; ``roster`` is what a client remembers
``wire``     one client's HTTP conversation; ``record`` keeps it for an independent recount
``order``    the same events, the independent ones in another order
``play``     plays a story against a SCIM endpoint

It is a client and imports nothing of the bridge: a check that shared code
with what it checks would prove less.
"""
