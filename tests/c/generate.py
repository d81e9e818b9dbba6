#!/usr/bin/env python3
"""Writes C tests that follow the header by themselves.

usage: generate.py FOLDER

`generated_boundary.c` calls every function of include/mynah.h with one argument
wrong at a time: NULL for each pointer; freed, foreign and invented handles;
lengths that no memory has; text that is not UTF-8. It checks the status where
the contract names one, and that every place for a result was emptied.

A function that takes a type this script does not know fails the generation:
add the type to VALID.

`generated_every.c` calls every function with good arguments, each on fresh
objects: none may find an argument missing, a handle dead or a defect inside.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

# A live object of each handle type, in the fixture below.
HANDLES = ["cache_options", "client_options", "mock_options", "cache", "client", "request",
           "cancel", "mock", "claim", "queue", "tiered", "batch", "cache_iter"]
# Objects that are no handles: NULL is told, anything else is the caller's word.
PLAIN = ["value", "values", "response", "error", "event", "item"]

# A valid argument for each type that is no pointer to an object of ours.
VALID = {
    "const char *": '"text"', "const void *": '"text"', "void *": "buffer",
    "const size_t *": "lens", "size_t *": "&len", "size_t": "4", "uint64_t": "1",
    "uint32_t": "1", "int32_t": "0", "mynah_status": "MYNAH_SERVER", "double": "0.5",
    "mynah_stream_fn": "on_event", "mynah_load_fn": "on_load",
    "mynah_complexity_fn": "on_complexity", "uint32_t *": "&n32", "uint64_t *": "&n64",
    "int32_t *": "&i32",
}
# An option of each object that has options by name; its value is a number.
OPTION = {"cache_options": "shard_count", "client_options": "max_tokens", "mock_options": "seed",
          "request": "max_tokens"}
# Places for several results at once.
GIVEN = {("mynah_queue_next_many", "items"): "items", ("mynah_tiered_new", "count"): "2",
         ("mynah_tiered_new", "clients"): "(mynah_client *[]){f.client, f.client}",
         ("mynah_cache_get_many_into", "offsets"): "(size_t[4]){0}",
         ("mynah_cache_get_many_into", "lens"): "(size_t[4]){0}",
         ("mynah_client_warm_json", "json"): '"[ ] "'}
# What means something else than an error when it is NULL.
NULLABLE = {"err", "cancel", "user", "len"}
NULLABLE_IN = {("mynah_cache_new", "options"), ("mynah_mock_new", "options"),
               ("mynah_client_new", "options"), ("mynah_request_add_tool", "description"),
               ("mynah_request_add_tool", "schema_json"), ("mynah_request_add_image_url", "detail"),
               ("mynah_request_add_document", "name"), ("mynah_client_chat_stream", "response"),
               ("mynah_tiered_chat_stream", "response"), ("mynah_item_result", "response"),
               ("mynah_batch_result", "response"), ("mynah_claim_fail", "message")}

# A text of which what is not UTF-8 is replaced.
LOSSY = {("mynah_claim_fail", "message")}


class Parameter:
    def __init__(self, text):
        match = re.match(r"(.*?)(\w+)$", text.strip())
        self.type, self.name = re.sub(r"\s+", " ", match[1].strip()), match[2]
        base = re.match(r"(?:const )?mynah_(\w+) (\*+)$", self.type)
        self.object = base[1] if base else None
        self.depth = len(base[2]) if base else 0
        self.handle = self.depth == 1 and self.object in HANDLES
        self.plain = self.depth == 1 and self.object in PLAIN
        self.out = self.depth == 2
        self.pointer = self.type.endswith("*") or self.type.endswith("_fn")

    given = None

    def valid(self):
        if self.given:
            return self.given
        if self.handle:
            return f"f.{self.object}"
        if self.plain:
            return f"f.{self.object}"
        if self.out:
            return f"&out_{self.name}"
        if self.type.endswith("_fn") and self.type not in VALID:
            return "NULL"  # a kept callback: NULL withdraws it
        if self.type not in VALID:
            sys.exit(f"tests/c/generate.py does not know the type `{self.type}`: add it to VALID")
        return '"{ } "' if "json" in self.name and self.type == "const char *" else VALID[self.type]


class Function:
    def __init__(self, text):
        text = re.sub(r"\s+", " ", text)
        match = re.match(r"(.*?)(mynah_\w+) ?\((.*)\)$", text)
        self.returns, self.name = match[1].strip(), match[2]
        inner = match[3].strip()
        self.parameters = [] if inner in ("void", "") else [Parameter(p) for p in inner.split(",")]
        names = [p.name for p in self.parameters]
        for p in self.parameters:
            p.given = GIVEN.get((self.name, p.name))
            p.out = p.out and not p.given
        if names[1:2] == ["name"] and self.parameters[0].object in OPTION:
            self.parameters[1].given = f'"{OPTION[self.parameters[0].object]}"'
            if names[2] == "value" and not self.parameters[2].out:
                self.parameters[2].given = '"4"'

    def status(self):
        return self.returns == "mynah_status"

    def has_length(self, i):
        after = self.parameters[i + 1] if i + 1 < len(self.parameters) else None
        return after is not None and after.type == "size_t"

    def nullable(self, i):
        p = self.parameters[i]
        if p.name in NULLABLE or p.name.startswith("or_null"):
            return True
        if (self.name, p.name) in NULLABLE_IN:
            return True
        # Typed setters of texts: NULL withdraws the option.
        return "_options_set_" in self.name and p.type == "const char *"


def functions():
    text = (ROOT / "include/mynah.h").read_text()
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    text = re.sub(r"^#.*$", "", text, flags=re.M)
    return [Function(m[1].strip()) for m in re.finditer(r"MYNAH_API([^;]+);", text)]


def call(function, at=None, instead=None, expected=None, what=""):
    """A call with one argument replaced, between emptying and checking."""
    arguments = [instead if i == at else p.valid() for i, p in enumerate(function.parameters)]
    outs = [p for i, p in enumerate(function.parameters) if p.out and i != at]
    lines = [f"out_{p.name} = (mynah_{p.object} *)&f;" for p in outs]
    label = f'"{function.name}: {what}"'
    expression = f"{function.name}({', '.join(arguments)})"
    if function.status():
        lines.append(f"status = {expression};")
        if expected == "fails":
            lines.append(f"expect(status != MYNAH_OK, {label}, status);")
        elif expected:
            lines.append(f"expect(status == {expected}, {label}, status);")
        for p in outs:
            if p.object != "error":
                lines.append(f"expect(status == MYNAH_OK || keeps(status) || "
                             f"out_{p.name} == NULL, {label}, -1);")
    else:
        lines.append(f"{'(void)' if function.returns != 'void' else ''}{expression};")
    lines += [f"mynah_{p.object}_free(out_{p.name});" for p in outs if p.object != "event"]
    return "    { " + "\n      ".join(lines) + " }"


def wrong_arguments(function):
    for i, p in enumerate(function.parameters):
        frees = function.name.endswith("_free")
        if not p.pointer:
            continue
        needs = p.handle or p.plain or p.type.startswith("const") or p.out
        sure = needs and not function.nullable(i)
        if not (frees and p.plain is False and p.handle is False):
            yield call(function, i, "NULL", "MYNAH_NULL_ARGUMENT" if sure else None,
                       f"NULL for {p.name}")
        if p.handle:
            kind = "cancel" if p.object != "cancel" else "cache_options"
            for word, instead in [
                ("freed", f"dead.{p.object}"),
                ("another kind of", f"(mynah_{p.object} *)f.{kind}"),
                ("an invented", f"(mynah_{p.object} *)(uintptr_t)7"),
                ("an invented", f"(mynah_{p.object} *)(uintptr_t)0xdeadbeef1"),
                ("an invented", f"(mynah_{p.object} *)(uintptr_t)-1"),
                ("an address for", f"(mynah_{p.object} *)&f"),
            ]:
                yield call(function, i, instead, "MYNAH_INVALID_HANDLE", f"{word} {p.name}")
        if p.type == "const char *":
            told = not frees and (function.name, p.name) not in LOSSY
            yield call(function, i, r'"\xff\xfe\xff\xff"',
                       "MYNAH_INVALID_ARGUMENT" if told else None, f"bad UTF-8 in {p.name}")
        if p.type in ("const char *", "const void *") and function.has_length(i):
            yield call(function, i + 1, "SIZE_MAX", "fails", f"a huge {p.name}")


FIXTURE = r"""
/* Made by tests/c/generate.py from include/mynah.h. */
#include "check.h"

static int wrong;
static void expect(int holds, const char *what, int status) {
    if (holds) return;
    if (wrong++ < 40) {
        const char *name = mynah_status_name(status);
        if (status < 0) printf("# %s: a place for a result was not emptied\n", what);
        else printf("# %s: answered %s\n", what, name ? name : "no status");
    }
}

/* After these a response with what had arrived may be there. */
static int keeps(mynah_status s) {
    return s == MYNAH_STOPPED || s == MYNAH_CANCELLED || s == MYNAH_TIMEOUT || s == MYNAH_TRUNCATED;
}

@CALLBACK@
struct fixture {
@FIELDS@
};
static struct fixture f, dead;
static char buffer[64];
static size_t len;
static uint32_t n32;
static uint64_t n64;
static int32_t i32;
@ITEMS@
static const size_t lens[4] = {1, 1, 1, 1};

static void make(struct fixture *x) {
    memset(x, 0, sizeof *x);
@MAKE@
}

static void unmake(struct fixture *x) {
@UNMAKE@
}
"""

MAKE = {
    "cache_options": "x->cache_options = mynah_cache_options_new();",
    "mock_options": "x->mock_options = mynah_mock_options_new();",
    "client_options": """x->client_options = mynah_client_options_new();
    mynah_client_options_set(x->client_options, "provider", "custom", NULL);
    mynah_client_options_set(x->client_options, "cache_enabled", "true", NULL);
    mynah_client_options_set(x->client_options, "retry_count", "0", NULL);""",
    "cache": "mynah_cache_new(NULL, &x->cache, NULL);",
    "mock": """mynah_mock_new(NULL, &x->mock, NULL);
    mynah_client_options_set(x->client_options, "base_url", mynah_mock_url(x->mock), NULL);""",
    "client": "mynah_client_new(x->client_options, &x->client, NULL);",
    "request": """x->request = mynah_request_new();
    mynah_request_add_message(x->request, "user", "hello", 5);
    mynah_request_set(x->request, "model", "mock", NULL);""",
    "cancel": "x->cancel = mynah_cancel_new();",
    "claim": """mynah_value *held = NULL;
    mynah_cache_get_or_claim(x->cache, "claimed", 7, 0, NULL, &held, &x->claim);
    mynah_value_free(held);""",
    "value": "mynah_cache_metrics_json(x->cache, &x->value);",
    "values": "mynah_cache_get_many(x->cache, \"text\", lens, 4, &x->values);",
    "batch": "x->batch = mynah_batch_new();",
    "tiered": "mynah_tiered_new((mynah_client *[]){x->client, x->client}, 2, 0, &x->tiered, NULL);",
    "cache_iter": "mynah_cache_iter_new(x->cache, &x->cache_iter);",
    "queue": "mynah_queue_new(2, &x->queue, NULL);",
    "item": """mynah_client_submit(x->client, x->request, 0, NULL, x->queue, 1, NULL);
    mynah_queue_next(x->queue, 5000, &x->item);""",
    "response": "mynah_client_chat(x->client, x->request, NULL, &x->response, NULL);",
    "error": "mynah_cache_options_set(x->cache_options, \"nonsense\", \"1\", &x->error);",
}
ORDER = ["cache_options", "mock_options", "client_options", "cache", "mock", "client", "request",
         "cancel", "claim", "queue", "item", "batch", "tiered", "cache_iter", "value", "values", "response", "error"]
CALLBACK = """static int32_t on_event(void *user, const mynah_event *event) {
    size_t length = 0;
    mynah_value *value = NULL;
    (void)user;
    (void)length;
    (void)value;
@EVENTS@
    return 0;
}

static int32_t on_load(void *user, const void *key, size_t key_len, mynah_claim *claim) {
    (void)user;
    (void)key;
    (void)key_len;
    mynah_claim_free(claim);
    return 0;
}

static double on_complexity(void *user, const char *text, size_t text_len, size_t messages) {
    (void)user;
    (void)text;
    (void)text_len;
    return messages > 1;
}
"""


def of_events(functions):
    """Calls of every function that reads an event, for the callback."""
    for function in functions:
        types = [p.type for p in function.parameters]
        if types[:1] != ["const mynah_event *"]:
            continue
        rest = {"size_t *": "&length", "mynah_value **": "&value"}
        arguments = ", ".join(["event"] + [rest[t] for t in types[1:]])
        yield f"    (void){function.name}({arguments});"
        if "mynah_value **" in types:
            yield "    mynah_value_free(value);"


def every(functions):
    """A test for each function that is no `_free`: called once, rightly."""
    for function in functions:
        if function.name.endswith("_free") or any(p.object == "event" for p in function.parameters):
            continue
        outs = [p for p in function.parameters if p.out]
        lines = [f"mynah_{p.object} *out_{p.name} = NULL;" for p in outs]
        expression = f"{function.name}({', '.join(p.valid() for p in function.parameters)})"
        made = re.match(r"mynah_(\w+) \*$", function.returns)
        if function.status():
            lines += [f"mynah_status status = {expression};",
                      "int fine = status != MYNAH_NULL_ARGUMENT && status != MYNAH_INVALID_HANDLE",
                      "    && status != MYNAH_PANIC && status != MYNAH_INTERNAL",
                      "    && status != MYNAH_FORKED;",
                      f'expect(fine, "{function.name}", status);']
        elif made:
            lines += [f"mynah_{made[1]} *made = {expression};",
                      f'expect(made != NULL, "{function.name}", 0);',
                      f"mynah_{made[1]}_free(made);"]
        else:
            lines.append(f"{'(void)' if function.returns != 'void' else ''}{expression};")
        lines += [f"mynah_{p.object}_free(out_{p.name});" for p in outs]
        if any(p.given == "items" for p in function.parameters):
            lines.append("for (size_t i = 0; i < 8; i++) mynah_item_free(items[i]), items[i] = NULL;")
        body = "\n    ".join(lines)
        sentence = f"{function.name}_can_be_called"
        yield sentence, (f"\nstatic void {sentence}(void) {{\n    wrong = 0;\n    make(&f);\n"
                         f"    {body}\n    unmake(&f);\n    CHECK(wrong == 0);\n}}\n")


def main(folder):
    all_functions = functions()
    names = {f.name for f in all_functions}
    types = {p.object for f in all_functions for p in f.parameters if p.object}
    known = [t for t in ORDER if t in types and f"mynah_{t}_free" in names]
    possible = [t for t in known
                if all(m in names for m in re.findall(r"(mynah_\w+)\(", MAKE[t]))]
    fields = "\n".join(f"    mynah_{t} *{t};" for t in known + (["event"] if "event" in types else []))
    make = "\n".join("    " + MAKE[t] for t in possible)
    unmake = "\n".join(f"    mynah_{t}_free(x->{t});" for t in reversed(known))
    stream = "mynah_stream_fn" in (ROOT / "include/mynah.h").read_text()
    text = (FIXTURE.replace("@FIELDS@", fields).replace("@MAKE@", make)
            .replace("@UNMAKE@", unmake).replace("@CALLBACK@", CALLBACK if stream else "")
            .replace("@ITEMS@", "static mynah_item *items[8];" if "item" in types else ""))
    text = text.replace("@EVENTS@", "\n".join(of_events(all_functions)))
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, tests in [("boundary", list(boundary(all_functions))),
                        ("every", list(every(all_functions)))]:
        program = text + "".join(body for _, body in tests) + MAIN.replace(
            "@USED@", "(void)items;" if "item" in types else "").replace(
            "@RUN@", "\n".join(f"    RUN({sentence});" for sentence, _ in tests))
        (Path(folder) / f"generated_{name}.c").write_text(program)


def boundary(functions):
    for function in functions:
        body = "\n".join(wrong_arguments(function))
        if not body:
            continue
        outs = {p.name: p for p in function.parameters if p.out}
        declarations = "".join(f"    mynah_{p.object} *out_{p.name} = NULL;\n"
                               f"    (void)out_{p.name};\n" for p in outs.values())
        if function.status():
            declarations += "    mynah_status status;\n"
        sentence = f"{function.name}_survives_wrong_arguments"
        yield sentence, (f"\nstatic void {sentence}(void) {{\n{declarations}    wrong = 0;\n"
                         f"    make(&f);\n{body}\n    unmake(&f);\n    CHECK(wrong == 0);\n}}\n")


MAIN = """
int main(void) {
    char folder[] = "/tmp/mynah-test-XXXXXX";
    if (!mkdtemp(folder) || chdir(folder) != 0) return 1;
    /* Handles that were alive: they keep their words. */
    make(&dead);
    unmake(&dead);
    (void)buffer; (void)len; (void)n32; (void)n64; (void)i32; (void)lens; (void)keeps; (void)on_load;
    (void)on_complexity; @USED@
@RUN@
    unlink("text");
    if (chdir("/") == 0) rmdir(folder);
    DONE();
}
"""


if __name__ == "__main__":
    main(sys.argv[1])
