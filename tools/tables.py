"""Reads the lists of rows (wire/tls.h) out of the C headers, for the tools beside this file.

A table is what WIRE_TABLE(name, LIST) lays down in a .c file; LIST is a macro in a header, with
rows ROW(S, KIND, name, argument).  A select is WIRE_ARMS_TABLE(name, struct, tag, is_open, LIST).
"""
import glob
import os
import re


def strip_comments(text):
    """The text with comments blanked; line numbers stay, strings stay."""
    out, at, end = [], 0, len(text)
    token = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    while at < end:
        match = token.search(text, at)
        if not match:
            break
        out.append(text[at:match.start()])
        piece = match.group(0)
        out.append(re.sub(r"[^\n]", "", piece) if piece[0] == "/" else piece)
        at = match.end()
    out.append(text[at:])
    return "".join(out)


def strip_strings(code):
    return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', code)


def laid_down(code):
    """(struct name, name of its list) of each table that this file lays down."""
    if "#define WIRE_TABLE(" in code:  # wire/tls.h itself
        return []
    return re.findall(r"^WIRE_TABLE\((\w+),\s*(\w+)\)", code, re.M)


class Row:
    def __init__(self, kind, name, argument):
        self.kind, self.name, self.argument = kind, name, argument


class Struct:
    def __init__(self, name, rows, header, comment):
        self.name, self.rows, self.header, self.comment = name, rows, header, comment


class Select:
    def __init__(self, name, holder, tag, is_open, arms):
        self.name, self.holder, self.tag, self.is_open, self.arms = name, holder, tag, is_open, arms


class Arm:
    def __init__(self, tag, name, struct):
        self.tag, self.name, self.struct = tag, name, struct


def macros_of(code):
    """{name: (parameters, body)} of the function-like macros; continuation lines joined."""
    joined = re.sub(r"[ \t]*\\\n", " ", code)
    return {match.group(1): (match.group(2), match.group(3))
            for match in re.finditer(r"^#define (\w+)\(([^)]*)\)[ \t]*(.*)$", joined, re.M)}


def constants_of(code):
    """{name: text} of object-like macros with a value and of enumerators with one."""
    found = dict(re.findall(r"^#define (\w+) +([^\s(][^\n]*)$", code, re.M))
    for body in re.findall(r"\benum\b[^{;]*\{([^}]*)\}", code):
        found.update(re.findall(r"(\w+)\s*=\s*([^,}]+?)\s*(?:,|$)", body + ","))
    return found


def call_arguments(body, name):
    """(place, arguments) of each call of `name` in a macro's body; commas in strings are text."""
    found = []
    for match in re.finditer(rf"\b{name}\(", body):
        depth, at, start, parts, in_string = 1, match.end(), match.end(), [], False
        while depth:
            char = body[at]
            if in_string:
                at += 1 if char == "\\" else 0
                in_string = char != '"'
            elif char == '"':
                in_string = True
            else:
                depth += {"(": 1, ")": -1}.get(char, 0)
                if (char == "," and depth == 1) or depth == 0:
                    parts.append(body[start:at].strip())
                    start = at + 1
            at += 1
        found.append((match.start(), parts))
    return found


ROOMS = ["base", "wire", "crypto", "mls", "chat", "client", "hub", "stats"]


def in_room_order(paths):
    """Room by room as they build on one another, then by name."""
    def place(path):
        room = os.path.basename(os.path.dirname(path))
        return (ROOMS.index(room) if room in ROOMS else len(ROOMS), path)
    return sorted(paths, key=place)


class Tables:
    """Everything that the headers under root/src say about bytes, in the order of the files."""

    def __init__(self, root):
        self.structs, self.selects, self.constants = {}, {}, {}
        headers = in_room_order(glob.glob(os.path.join(root, "src/*/*.h")))
        sources = in_room_order(glob.glob(os.path.join(root, "src/*/*.c")))
        self.texts = {}
        for path in headers + sources:
            with open(path, encoding="utf-8") as file:
                self.texts[path] = file.read()
        codes = {path: strip_comments(text) for path, text in self.texts.items()}
        self.macros = macros = {}
        homes = {}
        for path in headers + sources:
            for name, macro in macros_of(codes[path]).items():
                macros[name] = macro
                homes[name] = os.path.relpath(path, root)
            self.constants.update(constants_of(codes[path]))
        lists = {}
        for path in sources:
            lists.update(laid_down(codes[path]))
        order = {name: place for place, name in enumerate(homes)}
        for name, list_name in sorted(lists.items(), key=lambda item: order.get(item[1], 0)):
            self.structs[name] = Struct(name, self._rows(macros, list_name), homes[list_name],
                                        self._comment(root, homes[list_name], list_name))
        for path in sources:
            self._read_selects(codes[path], macros)

    def list_of(self, list_name):
        """The rows of a list like CODE(name, number, "text"), strings without their quotes."""
        if list_name not in self.macros:
            return []
        row, body = self.macros[list_name]
        return [[re.sub(r'"\s*"', "", part).strip('"') for part in parts]
                for _, parts in call_arguments(body, row.strip())]

    def _rows(self, macros, list_name):
        parameters, body = macros[list_name]
        row, holder = [name.strip() for name in parameters.split(",")][:2]
        found = [(at, [Row(*parts[1:4])]) for at, parts in call_arguments(body, row)]
        # A list may begin with or contain the rows of another: OTHER_LIST(ROW, S).
        for match in re.finditer(rf"\b(\w+)\({row}, *{holder}\)", body):
            found.append((match.start(), self._rows(macros, match.group(1))))
        return [one for _, rows in sorted(found, key=lambda item: item[0]) for one in rows]

    def _read_selects(self, code, macros):
        if "#define WIRE_ARMS_TABLE(" in code:
            return
        for match in re.finditer(r"^WIRE_ARMS_TABLE\(([^)]*)\)", code, re.M):
            name, holder, tag, is_open, list_name = [part.strip()
                                                     for part in match.group(1).split(",")]
            parameters, body = macros[list_name]
            arm, empty, _ = [part.strip() for part in parameters.split(",")]
            arms = [(at, Arm(parts[1], parts[2], parts[3]))
                    for at, parts in call_arguments(body, arm)]
            arms += [(at, Arm(parts[1], parts[2], None))
                     for at, parts in call_arguments(body, empty)]
            self.selects[name] = Select(name, holder, tag, is_open == "true",
                                        [one for _, one in sorted(arms, key=lambda item: item[0])])

    def _comment(self, root, header, list_name):
        """The comment that ends right above the list, as one paragraph."""
        text = self.texts[os.path.join(root, header)]
        match = re.search(rf"^#define {list_name}\(", text, re.M)
        above = text[:match.start()].rstrip("\n")
        if not above.endswith("*/"):
            return ""
        body = above[above.rindex("/*") + 2:-2]
        if "/*" in body or "----" in body:
            return ""
        return " ".join(line.strip(" *") for line in body.split("\n")).strip()

    def value(self, text):
        """A number that a row's argument or an arm's tag names, or None."""
        if not re.fullmatch(r"[\w\s+*/()<>|-]+", text):
            return None
        plain = re.sub(r"\b(0x[0-9a-fA-F]+|\d+)[uUlL]*\b", r"\1", text)
        names = {}
        for name in re.findall(r"\b[A-Za-z_]\w*\b", plain):
            if name not in self.constants or self.constants[name] == text:
                return None
            names[name] = self.value(self.constants[name])
            if names[name] is None:
                return None
        try:
            return eval(plain, {"__builtins__": {}}, names)  # numbers and constants of our headers
        except (SyntaxError, TypeError):
            return None
