#!/usr/bin/env python3
"""The checkers check: each rule of tools/tidy finds its breach in a small tree that has one, the
reader of tables reads every kind of row, and the runner of tests counts failures as failures.

Closes with `N passed, N failed`.
"""
import importlib.machinery
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOLS = os.path.join(ROOT, "tools")
sys.path.insert(0, TOOLS)
import tables  # noqa: E402


def tool(name):
    """A program of tools/ as a module; they have no suffix."""
    loader = importlib.machinery.SourceFileLoader(name, os.path.join(TOOLS, name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


class Tree:
    """A tree of files in a temporary folder."""

    def __init__(self, files):
        self.root = tempfile.mkdtemp(prefix="timbre-tools-")
        for path, text in files.items():
            full = os.path.join(self.root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root)

    def tidy(self, *arguments):
        done = subprocess.run([os.path.join(TOOLS, "tidy"), "--root", self.root, *arguments],
                              capture_output=True, text=True)
        return done.returncode, done.stdout


def header(guard, body):
    return f"#ifndef {guard}\n#define {guard}\n{body}\n#endif\n"


GOOD = {
    "src/base/a.h": header("TB_BASE_A_H", "int tb_a(int value);"),
    "src/base/a.c": '#include "base/a.h"\n\nint tb_a(int value)\n{\n    return value;\n}\n',
    "src/mls/tree.h": header("TB_MLS_TREE_H", '#include "base/a.h"'),
    "src/mls/public_tree.h": header("TB_MLS_PUBLIC_TREE_H", '#include "base/a.h"'),
    "src/hub/hub.h": header("TB_HUB_HUB_H", '#include "mls/public_tree.h"'),
    "src/client/c.h": header("TB_CLIENT_C_H", '#include "mls/tree.h"'),
}


class TidyTest(unittest.TestCase):
    def assert_breach(self, files, expected):
        with Tree({**GOOD, **files}) as tree:
            code, output = tree.tidy()
        self.assertEqual(code, 1, output)
        self.assertIn(expected, output)
        self.assertEqual(output.count("\n"), 1, f"one breach, one line:\n{output}")

    def test_a_good_tree_passes(self):
        with Tree(GOOD) as tree:
            self.assertEqual(tree.tidy(), (0, ""))

    def test_an_include_of_a_later_room_is_found(self):
        self.assert_breach({"src/base/b.h": header("TB_BASE_B_H", '#include "mls/tree.h"')},
                           "src/base/b.h:3: room base may not include room mls: src/mls/tree.h")

    def test_an_include_is_found_behind_another_header(self):
        self.assert_breach({"src/hub/bad.c": '#include "hub/hub.h"\n#include "chat/x.h"\n',
                            "src/chat/x.h": header("TB_CHAT_X_H", '#include "mls/tree.h"')},
                           "src/hub/bad.c:2: the hub may see only the public part of mls: "
                           "src/chat/x.h -> src/mls/tree.h")

    def test_the_hub_and_the_client_do_not_meet(self):
        self.assert_breach({"src/hub/bad.c": '#include "client/c.h"\n'},
                           "room hub may not include room client")
        self.assert_breach({"src/client/bad.c": '#include "hub/hub.h"\n'},
                           "room client may not include room hub")

    def test_src_includes_nothing_impure(self):
        self.assert_breach({"host/h.h": header("TB_HOST_H_H", ""),
                            "src/base/b.c": '#include "host/h.h"\n'}, "src/ includes nothing of host/")
        self.assert_breach({"src/base/b.c": "#include <stdio.h>\n"}, "<stdio.h> has no place")

    def test_words_that_src_may_not_say_are_found(self):
        for line, expected in [("int tb_b(void) { return rand(); }", "randomness"),
                               ("void *tb_b(void) { return malloc(1); }", "memory"),
                               ("long tb_b(void) { return time(0); }", "clock"),
                               ("int tb_b(void) { return printf(0); }", "printf"),
                               ("int tb_b(void) { return errno; }", "process"),
                               ("int tb_b(void) { goto end; end: return 0; }", "goto"),
                               ("typedef struct b b;", "typedef")]:
            with self.subTest(line=line):
                self.assert_breach({"src/base/b.c": line + "\n"}, expected)

    def test_words_in_comments_and_texts_are_not_code(self):
        quiet = '/* malloc(1), time(0) */\nconst char *tb_b(void);\n' \
                'const char *tb_b(void) { return "printf("; }\n'
        with Tree({**GOOD, "src/base/b.c": quiet}) as tree:
            self.assertEqual(tree.tidy(), (0, ""))

    def test_sizes_are_found(self):
        self.assert_breach({"src/base/b.c": "/* " + "x" * 100 + " */\n"}, "columns")
        self.assert_breach({"src/base/b.c": "\n" * 601}, "601 lines")
        self.assert_breach({"cmd/b.c": "\n" * 301}, "301 lines")
        long = "int tb_b(void)\n{\n" + "    ;\n" * 68 + "}\n"
        self.assert_breach({"src/base/b.c": long}, "function of 71 lines")
        self.assert_breach({"src/base/b.c": "\tint x;\n"}, "tab")

    def test_headers_are_guarded_and_stand_alone(self):
        self.assert_breach({"src/base/b.h": header("TB_BASE_C_H", "")}, "include guard TB_BASE_B_H")
        self.assert_breach({"src/base/b.h": header("TB_BASE_B_H", "") + "int x;\n"}, "include guard")
        self.assert_breach({"src/base/b.h": header("TB_BASE_B_H", "size_t tb_b(void);")},
                           "not self-contained")
        self.assert_breach({"src/base/b.h": header("TB_BASE_B_H", "#define B(n) (n)")},
                           "macro parameter n")

    def test_leftovers_and_paths_of_machines_are_found(self):
        self.assert_breach({"docs/a.md": "TO" "DO: write\n"}, "leftover")
        self.assert_breach({"docs/a.md": "see /" "root/x\n"}, "path of one machine")
        self.assert_breach({"tools/a.json": '"resolved": ' '"https://x"\n'}, "download host")

    def test_status_numbers_are_unique_and_in_their_range(self):
        def statuses(room, rows):
            guard = f"TB_{room.upper()}_STATUS_H"
            return {f"src/{room}/status.h": header(guard, f"#define L(CODE) {rows}")}
        self.assert_breach(statuses("wire", 'CODE(WIRE_A, 99, "a")'), "outside 100 to 199")
        self.assert_breach(statuses("wire", 'CODE(WIRE_A, 100, "a") CODE(WIRE_B, 100, "b")'),
                           "WIRE_B has the number of WIRE_A")

    def test_a_struct_without_table_is_found(self):
        self.assert_breach({"src/wire/s.h": header("TB_WIRE_S_H", "#define WIRE_STRUCT(N_, L_)\n"
                                                   "WIRE_STRUCT(wire_s, WIRE_S)")},
                           "no WIRE_TABLE for wire_s")

    def test_symbols_that_betray_impurity_are_found(self):
        code = "extern int puts(const char *);\nint other(void);\nint tb_count(void);\n" \
               "static int calls;\nint other(void) { return puts(\"x\"); }\n" \
               "int tb_count(void) { return ++calls; }\n"
        with Tree({**GOOD, "src/base/b.c": code}) as tree:
            build = os.path.join(tree.root, "build", "release")
            os.makedirs(build)
            subprocess.run(["gcc", "-c", "src/base/b.c", "-o", "b.o"], cwd=tree.root, check=True)
            subprocess.run(["ar", "rcs", os.path.join(build, "base.a"), "b.o"], cwd=tree.root,
                           check=True)
            _, output = tree.tidy("--build", os.path.join(tree.root, "build"))
        self.assertIn("src/base/b.c: calls puts, which no room defines", output)
        self.assertIn("src/base/b.c: calls is mutable static data", output)
        self.assertIn("src/base/b.c: other does not begin with tb_", output)


TABLES = {
    "src/wire/s.h": """
enum { WIRE_S_HALF = 0x3u };
enum { WIRE_S_OTHER, WIRE_S_MAX = WIRE_S_HALF + (1 << 2) };
/* A value
 * of two lines. */
#define WIRE_S(ROW, S)            \\
    ROW(S, U8, kind, NONE)        \\
    ROW(S, BYTES_MAX, name, WIRE_S_MAX) /* why */ \\
    ROW(S, SELECT, of, wire_s_select) \\
    ROW(S, VEC, numbers, wire_u16)
#define WIRE_S_ARMS(ARM, ARM_EMPTY, U) ARM(U, 1, text, wire_opaque) ARM_EMPTY(U, WIRE_S_MAX, none)
#define WIRE_MORE(ROW, S) WIRE_S(ROW, S) ROW(S, OPT, other, wire_s)
#define CHAT_CODE_LIST(CODE)               \\
    CODE(CHAT_A, 1, 400, "a", "no, (not)"  \\
         " this")
""",
    "src/wire/s.c": """
WIRE_TABLE(wire_s, WIRE_S)
WIRE_ARMS_TABLE(wire_s_select, wire_s, kind, true,
                WIRE_S_ARMS)
WIRE_TABLE(wire_more, WIRE_MORE)
""",
}


class TablesTest(unittest.TestCase):
    def setUp(self):
        with Tree(TABLES) as tree:
            self.known = tables.Tables(tree.root)

    def test_rows_are_read_in_order_with_arguments_and_comments(self):
        struct = self.known.structs["wire_s"]
        self.assertEqual([(row.kind, row.name) for row in struct.rows],
                         [("U8", "kind"), ("BYTES_MAX", "name"), ("SELECT", "of"),
                          ("VEC", "numbers")])
        self.assertEqual(struct.comment, "A value of two lines.")
        self.assertEqual(self.known.value(struct.rows[1].argument), 7)

    def test_a_list_inside_a_list_gives_its_rows(self):
        names = [row.name for row in self.known.structs["wire_more"].rows]
        self.assertEqual(names, ["kind", "name", "of", "numbers", "other"])

    def test_selects_know_their_arms(self):
        select = self.known.selects["wire_s_select"]
        self.assertTrue(select.is_open)
        self.assertEqual([(arm.name, arm.struct) for arm in select.arms],
                         [("text", "wire_opaque"), ("none", None)])

    def test_lists_keep_commas_and_brackets_of_their_texts(self):
        self.assertEqual(self.known.list_of("CHAT_CODE_LIST"),
                         [["CHAT_A", "1", "400", "a", "no, (not) this"]])
        self.assertEqual(self.known.list_of("CHAT_VERB_LIST"), [])
        self.assertIn("| 1 | `a` | 400 | no, (not) this |\n",
                      tool("wiredoc").document(self.known))

    def test_the_document_shows_the_struct(self):
        text = tool("wiredoc").document(self.known)
        for line in ["struct {", "    uint8 kind;", "    opaque name<V, 0..7>;",
                     "    select (kind) {", "        case 1: /* text */ opaque text<V>;",
                     "        case 7: /* none */ struct {};", "        default: struct {};",
                     "    uint16 numbers<V>;", "    optional<wire_s> other;", "} wire_more;"]:
            self.assertIn(line + "\n", text)


class SpeccheckTest(unittest.TestCase):
    def differences(self, text):
        checker = tool("speccheck")
        with Tree(TABLES) as tree:
            known = tables.Tables(tree.root)
        parsed = checker.Text(text)
        comparison = checker.Comparison(known, {"wire_s"})
        comparison.struct(known.structs["wire_s"], parsed.structs["S"])
        return comparison.found

    def test_an_equal_struct_has_no_difference(self):
        self.assertEqual(self.differences("struct { uint8 kind; opaque name<V>; /* c */ select "
                                          "(kind) { case text: opaque text<V>; case none: "
                                          "struct{}; }; uint16 numbers<V>; } S;"), [])

    def test_each_difference_is_told(self):
        select = "select (kind) { case a: opaque text<V>; };"
        rest = f"{select} uint16 numbers<V>;"
        self.assertEqual(self.differences(f"struct {{ uint16 kind; opaque name<V>; {rest} }} S;"),
                         ["kind is U8, in the text U16"])
        self.assertEqual(self.differences(f"struct {{ uint8 kind; opaque name[4]; {rest} }} S;"),
                         ["name is BYTES, in the text FIXED"])
        self.assertEqual(self.differences(f"struct {{ uint8 kind; {rest} }} S;"), ["adds name"])
        self.assertIn("order is", self.differences(
            f"struct {{ opaque name<V>; uint8 kind; {rest} }} S;")[0])
        self.assertEqual(self.differences("struct { uint8 kind; opaque name<V>; select (kind) "
                                          "{ case a: opaque txt<V>; }; uint16 numbers<V>; } S;"),
                         ["adds an arm of (text)", "lacks an arm of (txt)"])


class RunnerTest(unittest.TestCase):
    def counted(self, code, output):
        count = tool("test").count_of(code, output)
        return count.passed, count.failed, count.skipped

    def test_cmocka_is_counted(self):
        self.assertEqual(self.counted(0, "[  PASSED  ] 3 test(s).\n[  PASSED  ] 2 test(s).\n"),
                         (5, 0, 0))
        self.assertEqual(self.counted(1, "[  PASSED  ] 3 test(s).\n"
                                         "[  FAILED  ] 2 test(s), listed below:\n"), (3, 2, 0))

    def test_the_last_plain_line_counts(self):
        self.assertEqual(self.counted(0, "x: 1 passed, 0 failed, 7 skipped\n"
                                         "4 passed, 0 failed, 1 skipped\n"), (4, 0, 1))
        self.assertEqual(self.counted(1, "4 passed, 2 failed\n"), (4, 2, 0))

    def test_a_crash_and_an_empty_run_are_failures(self):
        self.assertEqual(self.counted(139, "[  PASSED  ] 3 test(s).\n"), (3, 1, 0))
        self.assertEqual(self.counted(0, "nothing to say\n"), (0, 1, 0))


class ValidationCheck(unittest.TestCase):
    """tools/validationcheck: one page that is right, and each way to be wrong."""

    STATUS = '    CODE(MLS_ONE, 300, "one")\n    CODE(MLS_TWO, 301, "two")\n'
    CHECK = "static tb_status look(int a)\n{\n    return TB_STATUS(MLS_ONE);\n}\n"
    TEST = ("static void it_is_so(void **state)\n{\n    assert_status(look(1), MLS_ONE);\n}\n"
            "    cmocka_unit_test(it_is_so),\n")
    PAGE = ("| 7.3 | 1 |\n\n| 7.3-1 | it is not so | `a.c:look` | `MLS_ONE` | `t.c:it_is_so` |\n\n"
            "| `MLS_TWO` | something else |\n")

    def problems(self, **changed):
        files = {"page": self.PAGE, "status": self.STATUS, "check": self.CHECK, "test": self.TEST}
        files.update(changed)
        tree = Tree({"docs/mls-validation.md": files["page"],
                     "src/mls/status.h": files["status"], "src/crypto/status.h": "",
                     "src/wire/status.h": "", "src/mls/a.c": files["check"],
                     "tests/unit/t.c": files["test"]})
        program = os.path.join(tree.root, "tools", "validationcheck")
        os.makedirs(os.path.dirname(program))
        shutil.copy(os.path.join(TOOLS, "validationcheck"), program)
        done = subprocess.run([sys.executable, program], stdout=subprocess.PIPE, check=False)
        shutil.rmtree(tree.root)
        return done.returncode, done.stdout.decode()

    def test_a_true_page_passes(self):
        self.assertEqual(self.problems(), (0, "1 rules, 0 problems\n"))

    def test_each_lie_is_found(self):
        lies = [
            (dict(page=self.PAGE.replace("7.3-1", "7.3-2")), "expected number 1"),
            (dict(page=self.PAGE.replace("| 7.3 | 1 |", "| 7.3 | 2 |")), "in the list"),
            (dict(page=self.PAGE.replace("a.c:look", "a.c:book")), "defines no book"),
            (dict(page=self.PAGE.replace("a.c:look", "b.c:look")), "does not exist"),
            (dict(page=self.PAGE.replace("`MLS_ONE`", "`MLS_SIX`")), "no status MLS_SIX"),
            (dict(page=self.PAGE.replace("t.c:it_is_so", "t.c:it_is_not")), "defines no it_is_not"),
            (dict(page=self.PAGE.replace("| `MLS_TWO` | something else |\n", "")), "has no row"),
            (dict(page=self.PAGE.replace("`MLS_TWO`", "`MLS_ONE`")), "among those that are no"),
            (dict(check=self.CHECK.replace("MLS_ONE", "TB_OK")), "look does not name MLS_ONE"),
            (dict(test=self.TEST.replace("MLS_ONE", "TB_OK")), "it_is_so does not name MLS_ONE"),
            (dict(test=self.TEST.replace("cmocka_unit_test(it_is_so),", "")), "is not run"),
        ]
        for changed, words in lies:
            code, output = self.problems(**changed)
            self.assertEqual(code, 1)
            self.assertIn(words, output)


class AttackCheck(unittest.TestCase):
    """tools/attackcheck: one page that is right, and each way to be wrong."""

    TEST = ("static void it_is_so(void **state)\n{\n}\n"
            "    cmocka_unit_test(it_is_so),\n")
    NUMBERS = [str(n) for n in range(1, 28)] + [f"D{n}" for n in range(1, 10)]
    PAGE = "".join(f"| {n} | somebody | nothing | `t:it_is_so` |\n" for n in NUMBERS)

    def problems(self, page=PAGE, test=TEST):
        tree = Tree({"docs/security.md": page, "tests/unit/t.c": test})
        done = subprocess.run([sys.executable, os.path.join(TOOLS, "attackcheck")], cwd=tree.root,
                              stderr=subprocess.PIPE, check=False)
        shutil.rmtree(tree.root)
        return done.returncode, done.stderr.decode()

    def test_a_true_page_passes(self):
        self.assertEqual(self.problems(), (0, ""))

    def test_each_lie_is_found(self):
        lies = [
            (dict(page=self.PAGE.replace("| 7 |", "| 77 |")), "not 1 to 27"),
            (dict(page=self.PAGE.replace("| 7 | somebody | nothing | `t:it_is_so` |",
                                         "| 7 | somebody | nothing | a test |")), "7: no test"),
            (dict(page=self.PAGE.replace("`t:", "`s:", 1)), "no tests/unit/s.c"),
            (dict(page=self.PAGE.replace("it_is_so", "it_is_not", 1)), "has no it_is_not"),
            (dict(test=self.TEST.replace("unit_test(it", "other(it")), "does not run it_is_so"),
        ]
        for changed, words in lies:
            code, output = self.problems(**changed)
            self.assertEqual(code, 1)
            self.assertIn(words, output)


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=0).result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed", flush=True)
    sys.exit(1 if failed or not result.testsRun else 0)
