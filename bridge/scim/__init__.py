"""The language of RFC 7643 and RFC 7644, as values in and values out.

``schemas`` says what a resource may hold, ``canonical`` reads one, ``filters`` reads a question about
it and ``matches`` answers it, ``paths`` and ``dialects`` read a PATCH, ``patch`` applies it and
``messages`` writes the answers. Nothing here reads a database, a clock or a socket.
"""
