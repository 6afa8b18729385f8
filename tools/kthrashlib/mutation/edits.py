# SPDX-License-Identifier: GPL-2.0-only
"""Lists the small edits that could be made to a C file, and draws some of them.

An edit is one mistake that a programmer could make. It keeps the number of lines. It leaves alone
what tells the harness something and does nothing else: named points, assertions, marks of objects.
"""

import dataclasses
import hashlib
import random
import re

DELETED, SWAPPED, RETURNS = "statement deleted", "neighbours swapped", "early return"
NEGATED, WEAKENED = "condition negated", "condition weakened"
EXCHANGE, ORDERING, SECTION = "exchange split", "ordering dropped", "critical section split"
OFF_BY_ONE, ERROR, WAKE, LIFO = "off by one", "error ignored", "wake-up skipped", "LIFO for FIFO"
KINDS = (DELETED, NEGATED, WEAKENED, SWAPPED, EXCHANGE, ORDERING, SECTION, OFF_BY_ONE, ERROR, WAKE,
         LIFO, RETURNS)

# What only tells the harness something, or reports a failure.
MARK = re.compile(r"(KT_POINT\w*|KT_ASSERT|KT_SET_HOLDER|KT_CATCH_UP|kt_fail|kt_holder_\w+|"
                  r"os_object_\w+|os_waits_for|os_annotate\w*|_Static_assert|\(void\)\s*\w+)\b")
WAKES = re.compile(r"(wake_up\w*|\w*_?wake(_all|_one)?|wake_sleepers|kt_complete(_all)?|complete|"
                   r"os_unpark|os_sleeper_unpark|os_futex_wake\w*)\s*\(")
BARRIER = re.compile(r"smp_(mb|rmb|wmb)\s*\(")
ACQUIRES = {
    "kt_lock_acquire": "kt_lock_release", "mutex_lock": "mutex_unlock",
    "down_read": "up_read", "down_write": "up_write", "cpus_read_lock": "cpus_read_unlock",
    "cpus_write_lock": "cpus_write_unlock", "rcu_read_lock": "rcu_read_unlock",
    "kt_rcu_read_lock": "kt_rcu_read_unlock",
}
ERRORS = re.compile(r"\berr\b|\bret\b|IS_ERR|-E[A-Z]+\b|ERR_PTR")
LITERAL = re.compile(r"(?:0[xX][0-9a-fA-F]+|\d+)[uUlL]*")
JUMPS = ("GOTO_STMT", "BREAK_STMT", "CONTINUE_STMT")
EXPRESSIONS = ("CALL_EXPR", "BINARY_OPERATOR", "UNARY_OPERATOR", "StmtExpr",
               "COMPOUND_ASSIGNMENT_OPERATOR", "CSTYLE_CAST_EXPR", "PAREN_EXPR", "UNEXPOSED_EXPR")
RELATIONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
EQUALITIES = {"==": "!=", "!=": "=="}
LOGICAL = {"&&": "||", "||": "&&"}


def old_value(pointer, update):
    """Returns a load and a store in place of one exchange."""
    return ("__extension__({ __typeof__(*(%s)) kt_m = READ_ONCE(*(%s)); %s kt_m; })" %
            (pointer, pointer, update))


# By the name of a macro or function and its number of arguments: the kind, and the text that
# replaces the invocation.
CALLS = {
    ("smp_load_acquire", 1): (ORDERING, lambda p: "READ_ONCE(*(%s))" % p),
    ("smp_store_release", 2): (ORDERING, "WRITE_ONCE(*({}), {})".format),
    ("smp_store_mb", 2): (ORDERING, "WRITE_ONCE({}, {})".format),
    ("rcu_assign_pointer", 2): (ORDERING, "WRITE_ONCE({}, {})".format),
    ("rcu_dereference", 1): (ORDERING, "READ_ONCE({})".format),
    ("set_current_state", 1): (ORDERING, "__set_current_state({})".format),
    ("test_bit", 2): (ORDERING, "(((READ_ONCE(*({1})) >> ({0})) & 1UL) != 0)".format),
    ("xchg", 2): (EXCHANGE, lambda p, v: old_value(p, "WRITE_ONCE(*(%s), %s);" % (p, v))),
    ("cmpxchg", 3): (EXCHANGE, lambda p, old, v: old_value(
        p, "if (kt_m == (%s)) WRITE_ONCE(*(%s), %s);" % (old, p, v))),
    ("fetch_add", 2): (EXCHANGE, lambda p, n: old_value(
        p, "WRITE_ONCE(*(%s), kt_m + (%s));" % (p, n))),
    ("set_bit", 2): (EXCHANGE, "WRITE_ONCE(*({1}), READ_ONCE(*({1})) | (1UL << ({0})))".format),
    ("clear_bit", 2): (EXCHANGE, "WRITE_ONCE(*({1}), READ_ONCE(*({1})) & ~(1UL << ({0})))".format),
    ("refcount_dec_and_test", 1): (EXCHANGE, lambda r: (
        "__extension__({ int kt_m = READ_ONCE((%s)->refs) - 1; WRITE_ONCE((%s)->refs, kt_m); "
        "kt_m == 0; })" % (r, r))),
    ("list_add_tail", 2): (LIFO, "list_add_tail({}, ({})->next)".format),
    ("list_for_each_entry", 4): (LIFO, "list_for_each_entry_reverse({}, {}, {}, {})".format),
    ("list_first_entry", 3): (LIFO, "container_of(({})->prev, {}, {})".format),
}


@dataclasses.dataclass(frozen=True)
class Edit:
    """`changes` has (start, end, text) of each piece that is replaced, in their order."""
    file: str
    function: str
    kind: str
    line: int
    before: str
    after: str
    changes: tuple
    nth: int = 0        # among the same edits of this function

    @property
    def id(self):
        """Names the edit by its words, so that it keeps its name while other lines change."""
        words = "\0".join([self.file, self.function, self.kind, self.before, self.after,
                           str(self.nth)])
        return hashlib.sha256(words.encode()).hexdigest()[:10]

    def applied(self, text):
        for start, end, new in sorted(self.changes, reverse=True):
            new = new.replace("\n", " ")
            text = text[:start] + new + "\n" * text.count("\n", start, end) + text[end:]
        return text


def words(text):
    return " ".join(text.split())


def arguments(text):
    """Returns the arguments of an invocation, name(...), as they are written."""
    inner = text[text.index("(") + 1:text.rindex(")")]
    found, depth = [""], 0
    for c in inner:
        depth += (c in "([{") - (c in ")]}")
        if c == "," and depth == 0:
            found.append("")
        else:
            found[-1] += c
    return [words(x) for x in found] if inner.strip() else []


class Finder:
    """Collects the edits of one function."""

    def __init__(self, file, text, function):
        self.file, self.text, self.function = file, text, function
        self.found = {}

    def of(self, node):
        return self.text[node.start:node.end]

    def add(self, kind, *changes):
        if any(end <= start and not new for start, end, new in changes):
            return
        start = min(c[0] for c in changes)
        before = " ... ".join(words(self.text[a:b]) for a, b, _ in changes if b > a)
        after = " ... ".join(words(new) for _, _, new in changes)
        if not before:
            before = "before " + words(self.text[start:self.text.find("\n", start)])
        self.found.setdefault(changes, (kind, self.text.count("\n", 0, start) + 1, before, after))

    def replace(self, kind, node, text):
        self.add(kind, (node.start, node.end, text))

    def edits(self):
        seen, made = {}, []
        for changes, (kind, line, before, after) in sorted(self.found.items()):
            key = kind, before, after
            seen[key] = seen.get(key, 0) + 1
            made.append(Edit(self.file, self.function.name, kind, line, before, after, changes,
                             seen[key] - 1))
        return made

    # ---- statements ----

    def is_mark(self, node):
        return MARK.match(self.of(node)) is not None

    def only_reports(self, node):
        """Is the node an `if` with a mark and nothing else?"""
        return node.kind == "IF_STMT" and len(node.children) == 2 and self.is_mark(
            node.children[1])

    def is_action(self, node):
        """Is the node an expression that stands as a statement, and more than a mark?"""
        return node.kind in EXPRESSIONS and not self.is_mark(node)

    def delete(self, node):
        text = self.of(node)
        kind = WAKE if WAKES.match(text) else ORDERING if BARRIER.match(text) else DELETED
        if not self.lock_of(node) and not self.unlock_of(node):
            self.replace(kind, node, "")

    def lock_of(self, node):
        name, _, rest = self.of(node).partition("(")
        return (name, rest) if name in ACQUIRES else None

    def unlock_of(self, node):
        name, _, rest = self.of(node).partition("(")
        return (name, rest) if name in ACQUIRES.values() else None

    def block(self, nodes):
        """Edits of a list of statements."""
        actions = [n for n in nodes if not self.is_mark(n)]
        for one, two in zip(actions, actions[1:]):
            if self.is_action(one) and self.is_action(two) and one.end < two.start:
                self.add(SWAPPED, (one.start, one.end, self.of(two)),
                         (two.start, two.end, self.of(one)))
            if two.kind not in ("RETURN_STMT", "LABEL_STMT", "CASE_STMT", "DEFAULT_STMT", *JUMPS,
                                "DECL_STMT"):
                value = "" if self.function.result == "void" else " 0"
                self.add(RETURNS, (two.start, two.start, "return%s; " % value))
        for n, node in enumerate(nodes):
            if self.lock_of(node):
                self.section(node, nodes[n + 1:])

    def section(self, lock, rest):
        name, argument = self.lock_of(lock)
        unlock = ACQUIRES[name], argument
        end = next((n for n, x in enumerate(rest) if self.unlock_of(x) == unlock), None)
        inside = [x for x in rest[:end] if not self.is_mark(x)]
        gap = "%s(%s; %s(%s; " % (*unlock, name, argument)
        for node in inside[1:]:
            if node.kind not in ("LABEL_STMT", "DECL_STMT"):
                self.add(SECTION, (node.start, node.start, gap))
        if end is not None:
            self.add(SECTION, (lock.start, lock.end, "(void)0"),
                     (rest[end].start, rest[end].end, "(void)0"))

    def statement(self, node):
        if self.is_action(node):
            self.delete(node)
        elif node.kind in JUMPS:
            self.replace(DELETED, node, "")
        elif node.kind in ("IF_STMT", "WHILE_STMT", "DO_STMT"):
            self.condition(node.children[-1 if node.kind == "DO_STMT" else 0],
                           node.kind == "IF_STMT")
        elif node.kind == "RETURN_STMT" and node.children:
            self.returned(node.children[0])

    def condition(self, node, of_if):
        text = self.of(node)
        self.replace(NEGATED, node, "!(%s)" % text)
        if of_if:
            kind = ERROR if ERRORS.search(text) else WEAKENED
            self.replace(kind, node, "(%s) && 0" % text)
            self.replace(WEAKENED, node, "(%s) || 1" % text)

    def returned(self, node):
        text = self.of(node)
        if ERRORS.search(text) and text != "0":
            self.replace(ERROR, node, "0")
        elif self.function.result in ("bool", "_Bool") and text not in ("true", "false"):
            self.replace(NEGATED, node, "!(%s)" % text)

    # ---- expressions ----

    def expression(self, node):
        if node.kind == "BINARY_OPERATOR" and len(node.children) == 2:
            self.binary(node, *node.children)
        elif node.kind == "INTEGER_LITERAL" and LITERAL.fullmatch(self.of(node)):
            suffix = self.of(node).lstrip("0123456789xXabcdefABCDEF")
            value = int(self.of(node)[:len(self.of(node)) - len(suffix)], 0)
            self.replace(OFF_BY_ONE, node, "%d%s" % (value + 1, suffix))
        elif node.kind == "CALL_EXPR":
            self.call(node.name, node.start, node.end)

    def binary(self, node, left, right):
        between = self.text[left.end:right.start]
        operator = between.strip()
        if not node.start <= left.start < left.end <= right.start < right.end <= node.end:
            return      # The operator is in a macro's body.
        if operator in LOGICAL:
            self.replace(WEAKENED, node, self.of(left))
            self.replace(WEAKENED, node, self.of(right))
        new = {**LOGICAL, **RELATIONS, **EQUALITIES}.get(operator)
        if new:
            kind = (OFF_BY_ONE if operator in RELATIONS else
                    NEGATED if operator in EQUALITIES else WEAKENED)
            self.add(kind, (left.end, right.start, between.replace(operator, new)))

    def call(self, name, start, end):
        text = self.text[start:end]
        if not re.match(r"%s\s*\(.*\)$" % re.escape(name), text, re.DOTALL):
            return
        given = arguments(text)
        if (name, len(given)) in CALLS:
            kind, made = CALLS[name, len(given)]
            self.add(kind, (start, end, made(*given)))

    # ---- all ----

    def visit(self, node, is_statement):
        if self.is_mark(node) or self.only_reports(node):
            return
        if is_statement:
            self.statement(node)
        self.expression(node)
        braces = node.kind == "COMPOUND_STMT" and self.text[node.start] == "{"
        if braces:
            self.block(node.children)
        for n, child in enumerate(node.children):
            # What a macro's body makes has the range of the whole invocation.
            if (child.start, child.end) == (node.start, node.end) and node.kind not in (
                    "UNEXPOSED_EXPR", "PAREN_EXPR"):
                continue
            body = node.kind in ("FOR_STMT", "WHILE_STMT", "LABEL_STMT", "CASE_STMT",
                                 "DEFAULT_STMT") and n == len(node.children) - 1
            self.visit(child, braces or body or (node.kind == "IF_STMT" and n > 0) or
                       (node.kind == "DO_STMT" and n == 0))

    def run(self):
        self.visit(self.function.body, False)
        for name, start, end in self.function.macros:
            around = self.text.rfind("\n", 0, start) + 1
            if not MARK.match(self.text[around:].lstrip()):
                self.call(name, start, end)
        return self.edits()


def of_file(file, text, functions):
    """Returns all edits of a file. `functions` are those of syntax.functions()."""
    return [edit for function in functions for edit in Finder(file, text, function).run()]


def drawn(edits, seed):
    """Returns the edits in the order in which they are tried: each round has one of each kind."""
    source = random.Random(seed)
    by_kind = {kind: sorted((e for e in edits if e.kind == kind), key=lambda e: e.id)
               for kind in KINDS}
    for of_kind in by_kind.values():
        source.shuffle(of_kind)
    order = []
    while any(by_kind.values()):
        kinds = [kind for kind in KINDS if by_kind[kind]]
        source.shuffle(kinds)
        order += [by_kind[kind].pop() for kind in kinds]
    return order
