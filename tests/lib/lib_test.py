#!/usr/bin/env python3
"""The MLS library as another program meets it: installed, found by pkg-config, linked.

usage: tests/lib/lib_test.py     (TIMBRE_BUILD names the build folder; default build)

The last line is `N passed, N failed`.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("TIMBRE_BUILD", os.path.join(ROOT, "build"))
CLANG = os.environ.get("CLANG", "clang-14")
WARN = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def run(*command, env=None, cwd=ROOT):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env=dict(os.environ, **(env or {})), cwd=cwd, timeout=300)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"
    return done.stdout


def make(*arguments):
    return run("make", "--no-print-directory", f"BUILD={BUILD}", *arguments)


def header_functions():
    """Every function that the public headers declare."""
    names = set()
    folder = os.path.join(ROOT, "include/timbre")
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
        for declaration in re.findall(r"^MLS_API\b([^;]*);", text, re.M):
            names.add(re.search(r"(\w+)\s*\(", declaration.replace("MLS_MUST_USE", "")).group(1))
    return names


class Installed:
    def __init__(self, place):
        self.prefix = os.path.join(place, "prefix")
        make("install", f"PREFIX={self.prefix}")
        self.env = {"PKG_CONFIG_PATH": os.path.join(self.prefix, "lib/pkgconfig"),
                    "LD_LIBRARY_PATH": os.path.join(self.prefix, "lib")}

    def flags(self, *options):
        return run("pkg-config", *options, "timbre-mls", env=self.env).split()

    def build(self, compiler, standard, source, program, is_static=False):
        """Only what is installed: no include path of the tree."""
        libs = self.flags("--libs", *(["--static"] if is_static else []))
        if is_static:
            libs = ["-Wl,-Bstatic" if flag == "-ltimbre-mls" else flag for flag in libs]
            place = libs.index("-Wl,-Bstatic")
            libs[place:place + 1] = ["-Wl,-Bstatic", "-ltimbre-mls", "-Wl,-Bdynamic"]
        run(compiler, standard, *WARN, os.path.join(ROOT, "examples", source),
            *self.flags("--cflags"), *libs, "-o", program, cwd=self.prefix)
        return run(program, env=self.env, cwd=self.prefix)


def test_exports_are_those_of_the_header(_):
    out = run("nm", "-D", "--defined-only", f"{BUILD}/lib/libtimbre-mls.so.0")
    exported = {line.split()[-1] for line in out.splitlines()}
    wanted = header_functions()
    assert len(wanted) > 80, "the headers were not read"
    assert exported == wanted, f"only exported: {exported - wanted}; missing: {wanted - exported}"


def test_the_archive_shows_nothing_else(_):
    out = run("nm", "-g", "--defined-only", f"{BUILD}/lib/libtimbre-mls.a")
    shown = {line.split()[-1] for line in out.splitlines() if len(line.split()) == 3}
    assert shown == header_functions(), shown ^ header_functions()


def test_soname_and_version(installed):
    out = run("readelf", "-d", f"{installed.prefix}/lib/libtimbre-mls.so")
    assert "[libtimbre-mls.so.0]" in out, out
    makefile_version = make("-s", "--eval", "print-version: ; @echo $(VERSION)", "print-version")
    assert installed.flags("--modversion") == makefile_version.split(), "pkg-config's version"


def test_the_library_has_no_state_of_its_own(_):
    """Nothing writable in .data and .bss but the algorithms that are fetched from OpenSSL once
    (src/crypto/backend_native.c, under a once-lock): threads share what the program hands them."""
    out = run("objdump", "-t", f"{BUILD}/lib/libtimbre-mls.a")
    writable = {line.split()[-1].split(".")[0] for line in out.splitlines()
                if re.search(r"\s\.(data|bss)(\.(?!rel\.ro)\S+)?\s", line) and " O " in line}
    assert writable == {"once", "natives"}, writable


def test_destdir_is_respected(_):
    with tempfile.TemporaryDirectory() as place:
        make("install", f"DESTDIR={place}", "PREFIX=/usr")
        found = sorted(os.path.relpath(os.path.join(folder, name), place)
                       for folder, _, names in os.walk(place) for name in names)
    for path in ("usr/include/timbre/mls.h", "usr/lib/libtimbre-mls.a", "usr/lib/libtimbre-mls.so",
                 "usr/lib/libtimbre-mls.so.0", "usr/lib/pkgconfig/timbre-mls.pc",
                 "usr/share/man/man3/timbre-mls.3"):
        assert path in found, found


def test_the_manual_names_every_function(_):
    with open(os.path.join(ROOT, "docs/timbre-mls.3"), encoding="utf-8") as file:
        text = file.read()
    named = set(re.findall(r"\\fB(mls_\w+)\\fR\(\)", text))
    missing, ghosts = header_functions() - named, named - header_functions()
    assert not missing and not ghosts, f"missing: {missing}; not there: {ghosts}"
    if shutil.which("groff"):
        out = run("groff", "-man", "-ww", "-z", os.path.join(ROOT, "docs/timbre-mls.3"))
        assert not out, out


def test_two_members_in_c(installed):
    for compiler, standard in (("gcc", "-std=c11"), (CLANG, "-std=c99")):
        out = installed.build(compiler, standard, "two_members.c",
                              os.path.join(installed.prefix, "two"))
        assert "alice to bob: Still here.\n" in out, out


def test_two_members_in_c_with_the_archive(installed):
    out = installed.build("gcc", "-std=c11", "two_members.c",
                          os.path.join(installed.prefix, "two_static"), is_static=True)
    assert "bob to alice: Hello, Alice.\n" in out, out


def test_two_members_in_cpp(installed):
    out = installed.build("g++", "-std=c++14", "two_members.cpp",
                          os.path.join(installed.prefix, "two_cpp"))
    assert out.endswith("bob is back\n"), out


def test_delivery_service_in_c(installed):
    out = installed.build("gcc", "-std=c11", "delivery_service.c",
                          os.path.join(installed.prefix, "service"))
    assert "epoch 2: removes carol\n" in out and "carol is out\n" in out, out


def test_amalgamation_is_deterministic(_):
    make("amalgamation")
    with tempfile.TemporaryDirectory() as place:
        run("tools/amalgamate", place)
        for name in ("mls.h", "mls.c"):
            run("cmp", os.path.join(place, name), os.path.join(BUILD, "amalgamation", name))


def test_amalgamation_compiles_and_runs_an_example(installed):
    place = os.path.join(installed.prefix, "amalgamation")
    shutil.copytree(os.path.join(BUILD, "amalgamation"), place)
    os.mkdir(os.path.join(place, "timbre"))  # the example says <timbre/mls.h>
    with open(os.path.join(place, "timbre/mls.h"), "w", encoding="utf-8") as file:
        file.write('#include "../mls.h"\n')
    for compiler in ("gcc", CLANG):
        run(compiler, "-std=c11", "-D_GNU_SOURCE", "-O1", "-fvisibility=hidden", *WARN, "-c",
            "mls.c", "-o", "mls.o", "-Wno-unused-function", cwd=place)
        shown = {line.split()[-1] for line in run("nm", "-g", "--defined-only", "mls.o",
                                                  cwd=place).splitlines() if line.strip()}
        ours = {name for name in shown if not name.startswith("timbre_mls_")}
        assert ours == header_functions(), ours ^ header_functions()
        run(compiler, "-std=c11", *WARN, "-I.", os.path.join(ROOT, "examples/two_members.c"),
            "mls.o", "-lcrypto", "-lsodium", "-o", "two", cwd=place)
        out = run("./two", cwd=place)
        assert "alice to bob: Still here.\n" in out, out


def failing(example):
    program = os.path.join(BUILD, "lib", f"failing-{example}")
    make(program)
    out = run(program)
    assert re.search(r"^\d+ passed, 0 failed$", out, re.M), out


def test_two_members_survive_every_failed_allocation(_):
    failing("two_members")


def test_delivery_service_survives_every_failed_allocation(_):
    failing("delivery_service")


def test_codes_are_those_of_the_sources(_):
    run("tools/publiccodes", "--check")


def main():
    tests = [(name, function) for name, function in globals().items() if name.startswith("test_")]
    passed = failed = 0
    place = tempfile.mkdtemp()
    try:
        installed = Installed(place)
        for name, function in tests:
            try:
                function(installed)
                passed += 1
            except Exception:  # one test's failure is not the others'
                failed += 1
                print(f"FAILED {name}")
                traceback.print_exc(file=sys.stdout)
    finally:
        shutil.rmtree(place)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
