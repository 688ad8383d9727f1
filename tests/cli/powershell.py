# SPDX-License-Identifier: Apache-2.0
"""What PowerShell makes of a script on standard input, by its grammar (tree-sitter-powershell): for a script of assignments
to $env: variables their names and values as JSON; for others the kinds of its statements, a line each. Whatever would be
expanded in a string, or is no such statement, is an error."""
import json
import sys

import tree_sitter
import tree_sitter_powershell

ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b"}
# nodes that wrap one child and say nothing
TELLING = {"assignment_expression", "command", "flow_control_statement", "variable", "expandable_string_literal"}


def fail(why):
    sys.exit("powershell.py: " + why)


def inner(node):
    """NODE, without the levels of precedence around it."""
    while node.type not in TELLING and node.named_child_count == 1:
        node = node.named_children[0]
    return node


def text_of(node):
    return node.text.decode()


def value_of(node):
    node = inner(node)
    if node.type != "expandable_string_literal":
        fail("no string in double quotes: " + node.type)
    if node.named_child_count:
        fail("something in it is expanded: " + text_of(node.named_children[0]))
    text, value, at = text_of(node)[1:-1], "", 0
    while at < len(text):
        if text[at] == "`":
            value += ESCAPES.get(text[at + 1], text[at + 1])
            at += 2
        else:
            if text[at] in "$\"\u201c\u201d\u201e":
                fail("a bare " + text[at])
            value += text[at]
            at += 1
    return value


def main():
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
    root = parser.parse(sys.stdin.buffer.read()).root_node
    if root.has_error:
        fail("no PowerShell")
    statements = [inner(node) for top in root.named_children for node in top.named_children]
    if any(node.type != "assignment_expression" for node in statements):
        print("\n".join("%s %s" % (node.type, text_of(node).split()[0]) for node in statements))
        return
    values = {}
    for node in statements:
        name = text_of(inner(node.named_children[0]))
        if not name.startswith("$env:") or len(node.named_children) != 3:
            fail("no assignment to a variable of the environment: " + name)
        values[name[5:]] = value_of(node.named_children[2])
    print(json.dumps(values))


main()
