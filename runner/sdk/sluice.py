"""What a function is given, and what it gives back.

One file without dependencies: in the images and under `sluice task run` it is called `sluice`; anywhere else it can be
copied beside a function. Nothing is read before a function asks for it, and what was given in the wrong form is an
`InputInvalid` that says how to correct it.
"""

from __future__ import annotations

import json
import os
from typing import Any, Dict, NoReturn, Optional, TypedDict


class _TriggerFields(TypedDict):
    kind: str
    name: str
    #: Succeeded or Failed.
    status: str


class Trigger(_TriggerFields, total=False):
    """How the parent of a follow-up ended."""

    definition: str
    reason: str
    message: str
    #: How often it was tried.
    attempts: int
    #: The JSON it returned.
    result: Any


class _ContextFields(TypedDict):
    workloadName: str
    appName: str
    appVersion: str
    workloadVersion: str
    #: pre, post or promotion; of a follow-up on-success or on-failure.
    taskType: str
    #: Workload or App.
    objectType: str
    #: Metadata of the application and the workload.
    metadata: Dict[str, str]


class Context(_ContextFields, total=False):
    """What the task runs for, under the names of KEPTN_CONTEXT. A field that was not given is an empty text."""

    #: W3C trace context to hand on, if traces are on. Keptn keeps it in the metadata, where it is, too.
    traceparent: str
    #: How the task or evaluation ended that this one follows. Follow-ups only.
    trigger: Trigger


class InputInvalid(Exception):
    """The function was not given what it needs, or not in the form it needs."""


def context() -> Context:
    """What the task runs for, from KEPTN_CONTEXT. On a laptop, where it is not set, all fields are empty."""
    given = _object_in("KEPTN_CONTEXT") or {}
    metadata = _texts(given.get("metadata"))
    made: Context = {
        "workloadName": _text(given, "workloadName"),
        "appName": _text(given, "appName"),
        "appVersion": _text(given, "appVersion"),
        "workloadVersion": _text(given, "workloadVersion"),
        "taskType": _text(given, "taskType"),
        "objectType": _text(given, "objectType"),
        "metadata": metadata,
    }
    traceparent = _text(given, "traceparent") or metadata.get("traceparent", "")
    if traceparent:
        made["traceparent"] = traceparent
    trigger = given.get("trigger")
    if isinstance(trigger, dict) and all(isinstance(trigger.get(name), str) for name in ("kind", "name", "status")):
        made["trigger"] = trigger  # type: ignore[typeddict-item]
    return made


def parameters() -> Dict[str, str]:
    """All parameters (`parameters.map`), from DATA. None if it is not set."""
    return _texts(_object_in("DATA"))


def parameter(name: str, otherwise: Optional[str] = None) -> str:
    """One parameter, or `otherwise` where it is not given. Without that it must be given."""
    given = parameters()
    value = given.get(name, otherwise)
    if value is not None:
        return value
    others = ", ".join(given) or "none"
    raise InputInvalid(
        f"parameter {name} is not given (given: {others}); "
        f"set parameters.map.{name} in the definition, or run with --parameter {name}=…"
    )


def secret(name: Optional[str] = None) -> str:
    """The Secret's value (SECURE_DATA) as it is; with a name the value of that name, where it holds several as JSON."""
    whole = os.environ.get("SECURE_DATA")
    if whole is None:
        raise InputInvalid(
            "SECURE_DATA is not set; name a Secret with the key SECURE_DATA in secureParameters.secret, "
            "or run with --secret FILE"
        )
    value = whole if name is None else secrets().get(name)
    if value:
        return value
    if name is None:
        raise InputInvalid("SECURE_DATA is empty; give the Secret a value")
    # Names are no secrets, values are.
    others = ", ".join(secrets()) or "none"
    raise InputInvalid(f"SECURE_DATA has no {name} (it has: {others}); add it to the JSON in the Secret")


def secrets() -> Dict[str, str]:
    """All values of a Secret that holds several: SECURE_DATA is a JSON object. None if it is not set."""
    return _texts(_object_in("SECURE_DATA"))


def previous_result() -> Any:
    """The JSON that the parent of this follow-up returned; None if there is no parent, or it returned nothing."""
    return context().get("trigger", {}).get("result")


def result(value: Any) -> None:
    """Makes this the function's result, in place of an earlier one. On a laptop, where nobody asks for it, it is printed."""
    text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    file = os.environ.get("KEPTN_RESULT")
    if file is None:
        print(f"result: {text}", flush=True)
        return
    with open(file, "w", encoding="utf-8") as written:
        written.write(text)


def fail(message: str) -> NoReturn:
    """Ends this attempt as a failure with this message. Nothing after it runs, but `finally` blocks do."""
    # The runner takes the last line for the message.
    raise SystemExit(" ".join(line.strip() for line in message.splitlines()).strip() or "failed")


def _text(given: Dict[str, Any], name: str) -> str:
    value = given.get(name)
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> Dict[str, str]:
    """The entries of a JSON object as texts: a number or a list is the JSON that was written."""
    if not isinstance(value, dict):
        return {}
    return {
        name: one if isinstance(one, str) else json.dumps(one, ensure_ascii=False, separators=(",", ":"))
        for name, one in value.items()
    }


def _object_in(variable: str) -> Optional[Dict[str, Any]]:
    text = os.environ.get(variable)
    if not text:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        # The text may be a secret: neither it nor the parser's words, which quote it, are told.
        value = None
    if isinstance(value, dict):
        return value
    raise InputInvalid(f'{variable} is no JSON object, for example {{"name":"value"}}')
