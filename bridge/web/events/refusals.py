"""What senders of events are answered that were refused."""

from http import HTTPStatus

from flask import Blueprint, Response, jsonify

from bridge.errors import (
    BridgeError,
    Forbidden,
    InvalidInput,
    LimitReached,
    NotFound,
    TooLarge,
    TooMany,
    Unauthenticated,
)

STATUS: dict[type[BridgeError], HTTPStatus] = {
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    TooMany: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    LimitReached: HTTPStatus.TOO_MANY_REQUESTS,
    InvalidInput: HTTPStatus.BAD_REQUEST,
}


def status_of(error: BridgeError) -> HTTPStatus:
    """Return the status of an error, that of its nearest class."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), HTTPStatus.CONFLICT)


def refuse_as_json(blueprint: Blueprint) -> None:
    """Have the blueprint answer errors in a few words; no sender of events reads more."""
    blueprint.register_error_handler(BridgeError, _refuse)


def _refuse(error: BridgeError) -> tuple[Response, int]:
    return refused(error, status_of(error))


def refused(error: BridgeError, status: int) -> tuple[Response, int]:
    """Return the error in a few words under this status, with the headers that belong to it."""
    answer = jsonify(title=error.title, detail=error.detail)
    if isinstance(error, LimitReached):
        answer.headers["Retry-After"] = str(error.retry_after_seconds)
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer, status
