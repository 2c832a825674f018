"""The entrances: routes, each of which parses, calls one operation, renders."""
