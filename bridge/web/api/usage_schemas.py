"""The JSON schemas of meters, consumption, sign-ins, entitlements."""

from bridge.web.api.schemas import (
    COMPONENTS,
    INSTANT,
    NAME,
    TEXT,
    TEXTS,
    TRUTH,
    WHOLE,
    Schema,
    component,
    listed,
    maybe,
    record,
)

_METER = {
    "key": NAME,
    "unit": NAME,
    "aggregation": {"type": "string", "enum": ["sum", "max", "unique"]},
}
_SIGN_IN = {"connection": TEXT, "id": TEXT, "person": TEXT, "at": INSTANT}
_HOW = {"amr": maybe(TEXTS), "acr": maybe(TEXT), "auth_time": maybe(INSTANT)}

COMPONENTS.update(
    {
        "Meters": record({"meters": listed(record(_METER, {"on": TRUTH}))}),
        "AppliedMeters": record({"changed": TEXTS}),
        "CloudEvents": {
            "type": "array",
            "description": "A batch of CloudEvents 1.0: type is a meter's key, subject a person's id, "
            'data {"quantity": "12.5"}, or {"value": "…"} for a meter that counts different values',
            "items": {"type": "object"},
        },
        "SignIns": record({"sign_ins": listed(record(_SIGN_IN, _HOW))}),
        "SignIn": record({"position": WHOLE, **_SIGN_IN, **_HOW}),
        "SignInPage": record({"items": listed(component("SignIn")), "next_after": maybe(WHOLE)}),
        "Taken": record(
            {
                "accepted": WHOLE,
                "duplicates": WHOLE,
                "late": WHOLE,
                "rejected": listed(record({"index": WHOLE, "pointer": TEXT, "reason": TEXT})),
            }
        ),
        "Entitlements": record(
            {
                "person": TEXT,
                "plan": TEXT,
                "roles": TEXTS,
                "privileges": TEXTS,
                "features": TEXTS,
                "limits": {"type": "object", "additionalProperties": {"type": "integer"}},
                "since": maybe(INSTANT),
                "because": TEXT,
                "rule": maybe(TEXT),
                "groups": listed(record({"id": TEXT, "name": TEXT})),
                "request": maybe(TEXT),
                "waiting": maybe({"type": "object"}),
            }
        ),
    }
)

METERS: Schema = component("Meters")
APPLIED_METERS: Schema = component("AppliedMeters")
CLOUD_EVENTS: Schema = component("CloudEvents")
SIGN_INS: Schema = component("SignIns")
SIGN_IN_PAGE: Schema = component("SignInPage")
TAKEN: Schema = component("Taken")
ENTITLEMENTS: Schema = component("Entitlements")
