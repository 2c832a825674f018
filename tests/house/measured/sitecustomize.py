"""What Python loads at the start of each process that ``make check`` measures.

Granian answers in threads that Python's ``threading`` did not start, so coverage's tracer is not set there
and a web that runs as a process of its own would count as never run. Where coverage counts by
``sys.monitoring``, as it may on newer Pythons, there is no tracer to set.
"""

import os

if "COVERAGE_PROCESS_CONFIG" in os.environ:
    import sys
    import threading
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from flask import Flask

    answer = Flask.__call__

    def traced(web: Flask, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if sys.gettrace() is None:
            sys.settrace(threading.gettrace())
        return answer(web, environ, start_response)

    Flask.__call__ = traced
