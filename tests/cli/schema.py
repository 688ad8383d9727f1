# SPDX-License-Identifier: Apache-2.0
"""JSON by the schemas of share/schema: schema.py SCHEMA FILE..., a document each, or with --lines one a line.
schema.py --check SCHEMA... judges the schemas themselves: each object is closed, and each member of one is described."""
import json
import os
import sys

import jsonschema


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def validator_of(path):
    schema = load(path)
    resolver = jsonschema.RefResolver("file://" + os.path.abspath(path), schema)
    return jsonschema.Draft202012Validator(schema, resolver=resolver,
                                           format_checker=jsonschema.draft202012_format_checker)


def documents(path, lines):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file] if lines else [json.load(file)]


def faults_of(schema, where):
    """What the rules of the house want of a schema."""
    if isinstance(schema, list):
        for i, item in enumerate(schema):
            yield from faults_of(item, "%s/%d" % (where, i))
    if not isinstance(schema, dict):
        return
    if "properties" in schema:
        if schema.get("additionalProperties") is not False:
            yield where + ": not closed"
        for name, member in schema["properties"].items():
            if "description" not in member:
                yield "%s/properties/%s: no description" % (where, name)
            yield from faults_of(member, "%s/properties/%s" % (where, name))
    for key in schema:
        if key != "properties":
            yield from faults_of(schema[key], where + "/" + key)


def main(words):
    faults = []
    if words[0] == "--check":
        for path in words[1:]:
            schema = load(path)
            jsonschema.Draft202012Validator.check_schema(schema)
            if "title" not in schema or schema.get("$schema") != jsonschema.Draft202012Validator.META_SCHEMA["$schema"]:
                faults.append(path + ": no title, or no $schema")
            faults += faults_of(schema, os.path.basename(path))
    else:
        lines = words[0] == "--lines"
        validator = validator_of(words[lines])
        count = 0
        for path in words[lines + 1:]:
            for document in documents(path, lines):
                count += 1
                faults += ["%s: %s: %s" % (path, error.json_path, error.message[:300])
                           for error in validator.iter_errors(document)]
        if not count:
            faults.append("nothing to validate")
    if faults:
        sys.exit("\n".join(faults))


main(sys.argv[1:])
