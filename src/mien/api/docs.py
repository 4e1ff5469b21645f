"""`/docs`: the API description as a page that needs nothing from anywhere else.

FastAPI's own page loads its scripts from a network of others, and stays blank where that is not reached.
"""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1c2127; background: #fff; max-width: 56rem;
       margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.8rem } h2 { font-size: 1.15rem; margin-top: 2.5rem; border-top: 1px solid #dde1e6;
     padding-top: 1.2rem } h3 { font-size: 1rem; margin-bottom: .3rem }
code, pre { font: 14px/1.45 ui-monospace, monospace; background: #f3f5f7; border-radius: 4px }
code { padding: .1em .3em } pre { padding: .8rem; overflow-x: auto; max-height: 24rem }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; vertical-align: top;
        padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #e8ebee } th { font-weight: 600 }
.verb { color: #fff; background: #2f6f4f; border-radius: 4px; padding: .1em .5em; font-size: .8em }
.quiet { color: #5b6670 }
@media (prefers-color-scheme: dark) { body { color: #e4e7ea; background: #16191d }
  code, pre { background: #22272d } td, th, h2 { border-color: #333a42 } .quiet { color: #9aa5b0 } }
"""


def page(description: Mapping[str, Any]) -> str:
    """An OpenAPI description as HTML."""
    about = description["info"]
    schemas = description["components"]["schemas"]
    parts = [f"<h1>{escape(about['title'])} <span class=quiet>{escape(about['version'])}</span></h1>"]
    parts += [f"<p>{_prose(about['description'])}</p>"]
    parts += ["<p class=quiet>As JSON, for tools: <a href=/openapi.json>openapi.json</a></p>"]
    paths = sorted(description["paths"].items(), key=lambda one: not one[0].startswith("/v0"))
    for path, verbs in paths:
        for verb, operation in verbs.items():
            parts += _operation(verb, path, operation, schemas)
    body = "\n".join(parts)
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(about['title'])} API</title>"
        f'<meta name=viewport content="width=device-width"><style>{_STYLE}</style>{body}</html>'
    )


def _operation(
    verb: str, path: str, operation: Mapping[str, Any], schemas: Mapping[str, Any]
) -> Iterator[str]:
    yield f"<h2><span class=verb>{verb.upper()}</span> <code>{escape(path)}</code></h2>"
    yield f"<p><b>{escape(operation.get('summary', ''))}.</b> {_prose(operation.get('description', ''))}</p>"
    if parameters := operation.get("parameters"):
        rows = (
            (one["name"], {**one["schema"], "description": one.get("description", "")}) for one in parameters
        )
        yield _table(rows, schemas)
    for kind, body in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<h3>Body, <code>{escape(kind)}</code></h3>"
        if kind == "application/json":
            yield _table(_fields(body["schema"], schemas), schemas)
        else:
            yield "<p>Parts <code>json</code> (the same, as text) and <code>file</code> (any number).</p>"
    for status, response in operation.get("responses", {}).items():
        yield f"<h3>{escape(status)}: {escape(response['description'])}</h3>"
        for content in response.get("content", {}).values():
            if "example" in content:
                yield f"<pre>{escape(json.dumps(content['example'], indent=2, ensure_ascii=False))}</pre>"


def _fields(
    schema: Mapping[str, Any], schemas: Mapping[str, Any], prefix: str = ""
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every field that a value may have, `outer.inner`, with its schema."""
    for name, field in _resolved(schema, schemas).get("properties", {}).items():
        inner = [*_fields(field, schemas, f"{prefix}{name}.")]
        yield prefix + name, field
        yield from inner


def _resolved(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema without its references, and without the null that it may be instead."""
    if "$ref" in schema:
        found: Mapping[str, Any] = schemas[schema["$ref"].rpartition("/")[2]]
        return _resolved(found, schemas)
    options = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return {**_resolved(options[0], schemas), **schema} if len(options) == 1 else schema


def _table(rows: Iterator[tuple[str, Mapping[str, Any]]], schemas: Mapping[str, Any]) -> str:
    cells = "".join(f"<tr><td><code>{escape(name)}</code><td>{_said(field, schemas)}" for name, field in rows)
    return f"<table><tr><th>field<th>what it may be{cells}</table>"


def _said(field: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """Type, range, default and purpose of a field."""
    known = _resolved(field, schemas)
    said = [_kind(known, schemas)]
    if "null" in {one.get("type") for one in field.get("anyOf", ())}:
        said.append("or null")
    for key, word in (("minimum", "at least"), ("exclusiveMinimum", "above"), ("maximum", "at most")):
        if key in known:
            said.append(f"{word} {known[key]:g}")
    default = known.get("default")
    if default is not None and not isinstance(default, dict | list):
        said.append(f"default <code>{escape(json.dumps(default))}</code>")
    return ", ".join(filter(None, said)) + f" <span class=quiet>{_prose(known.get('description', ''))}</span>"


def _kind(known: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    if "enum" in known:
        return " | ".join(f"<code>{escape(str(one))}</code>" for one in known["enum"] if one is not None)
    if known.get("type") == "array":
        return f"array of {_kind(_resolved(known.get('items', {}), schemas), schemas)}"
    return escape(str(known.get("type", "")))


def _prose(text: str) -> str:
    """Plain text with `code` in it."""
    pieces = escape(text).split("`")
    return "".join(f"<code>{piece}</code>" if i % 2 else piece for i, piece in enumerate(pieces))
