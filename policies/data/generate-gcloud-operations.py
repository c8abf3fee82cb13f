"""Writes gcloud-operations.txt: the commands of the installed gcloud tool with what each is.

Run it with the Python that the tool carries; it takes a few minutes:

    R=$(dirname $(dirname $(readlink -f $(command -v gcloud))))
    $R/platform/bundledpythonunix/bin/python3 generate-gcloud-operations.py $R \\
        > gcloud-operations.txt 2> gcloud-unjoined.txt

What a command is comes from the tool itself, never from its name:

* the base class that its own source gives it (`base.DescribeCommand`, `base.DeleteCommand`...);
* for a command that is declared in a file, the declared type (`SET_IAM_POLICY`, `WAIT`...), and
  for a declared type that says nothing the HTTP method that it calls (GET, PATCH, PUT, DELETE).

The rest is class `?`: what it does stands in tools/gcloud.toml, by hand with a reason, or nowhere.
The release tracks are one: a command is listed once, as its most stable track has it.
Each run prints its sources with versions and digests, and how many were joined; the unjoined
commands are printed to stderr with the first line of their help.
"""

import collections
import hashlib
import os
import sys

ROOT = sys.argv[1]
sys.path[:0] = [ROOT + "/lib", ROOT + "/lib/third_party"]

from googlecloudsdk import gcloud_main  # noqa: E402
from googlecloudsdk.command_lib.util.apis import registry  # noqa: E402

# A class letter, and the base classes that mean it.
BASES = {
    "ListCommand": "r", "DescribeCommand": "r", "TopicCommand": "r", "CreateCommand": "c",
    "UpdateCommand": "u", "DeleteCommand": "d", "ExportCommand": "e", "ImportCommand": "i",
    "RestoreCommand": "i",
}
DECLARED = {
    "DESCRIBE": "r", "LIST": "r", "DELETE": "d", "CREATE": "c", "WAIT": "r", "UPDATE": "u",
    "GET_IAM_POLICY": "r", "SET_IAM_POLICY": "p", "ADD_IAM_POLICY_BINDING": "p",
    "REMOVE_IAM_POLICY_BINDING": "p", "IMPORT": "i", "EXPORT": "e", "CONFIG_EXPORT": "e",
}
METHODS = {"GET": "r", "PATCH": "u", "PUT": "u", "DELETE": "d"}
TRACKS = ("alpha", "beta")


def declaration(kind):
    """The declared command that a generated class was made from."""
    for value in vars(kind).values():
        for cell in getattr(value, "__closure__", None) or ():
            spec = getattr(cell.cell_contents, "spec", None)
            if getattr(spec, "command_type", None):
                return spec
    return None


def by_method(request):
    """By the HTTP method; none where several are called, or a custom one."""
    try:
        called = [
            registry.GetMethod(collection, request.method, api_version=request.api_version).http_method
            for collection in request.collections
        ]
    except (registry.Error, AttributeError):
        return None
    return METHODS.get(called[0]) if len(set(called)) == 1 else None


def class_of(kind):
    """The class letter of a command, and what told it."""
    base = next(c.__name__ for c in kind.__mro__ if c.__module__ == "googlecloudsdk.calliope.base")
    if base in BASES:
        return BASES[base], "class"
    spec = declaration(kind)
    if spec is None:
        return "?", None
    declared = DECLARED.get(getattr(spec.command_type, "name", str(spec.command_type)))
    if declared:
        return declared, "type"
    method = by_method(spec.request) if spec.request else None
    return (method, "method") if method else ("?", None)


def walk(group, found, switches, values, above):
    """Notes every command below a group, and whether each flag is a switch."""
    path = group.GetPath()[1:]
    track = path.pop(0) if path and path[0] in TRACKS else ""
    arity(path, group.ai.flag_args, switches, values)
    above.update(name for flag in group.ai.flag_args if flag.nargs != 0 for name in flag.option_strings)
    for command in group.commands.values():
        arity(path, command.ai.flag_args, switches, values)
        key = (" ".join(path), command.GetPath()[-1])
        if key not in found or not track:
            found[key] = class_of(command._common_type) + (command.short_help or "",)
    for below in sorted(group.groups.values(), key=lambda below: below.GetPath()):
        walk(below, found, switches, values, above)


def arity(path, flags, switches, values):
    for flag in flags:
        into = switches if flag.nargs == 0 else values
        for name in flag.option_strings:
            into[name].add(" ".join(path))


def exceptions(switches, values):
    """Flags that are switches in some groups and take a value in others."""
    odd = collections.defaultdict(list)
    always = []
    for name in sorted(switches):
        if len(values.get(name, ())) > len(switches[name]):
            for group in sorted(switches[name] - values[name]):
                odd[group].append("+" + name)
        else:
            always.append(name)
            for group in sorted(values.get(name, set()) - switches[name]):
                odd[group].append("=" + name)
    return always, odd


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def tree_digest(folder):
    """One digest over all sources below a folder, in order of their names."""
    whole = hashlib.sha256()
    for parent, folders, files in sorted(os.walk(folder)):
        folders.sort()
        for name in sorted(files):
            if name.endswith((".py", ".yaml")):
                path = os.path.join(parent, name)
                whole.update(os.path.relpath(path, folder).encode() + b"\0" + digest(path).encode() + b"\n")
    return whole.hexdigest()


def main():
    root = gcloud_main.CreateCLI([])._TopElement()
    root.LoadAllSubElements(recursive=True)
    found, above = {}, set()
    switches, values = collections.defaultdict(set), collections.defaultdict(set)
    walk(root, found, switches, values, above)
    always, odd = exceptions(switches, values)
    by_group = collections.defaultdict(lambda: collections.defaultdict(list))
    for (group, name), (letter, _, _) in found.items():
        by_group[group][letter].append(name)
    told = collections.Counter(by for _, by, _ in found.values())
    version = open(ROOT + "/VERSION").read().strip()
    print(f"# Commands of gcloud {version}: lib/surface has sha256 {tree_digest(ROOT + '/lib/surface')}.")
    print(f"# {len(found)} commands: {told['class']} joined by class, {told['type']} by declared type,")
    print(f"# {told['method']} by HTTP method, {told[None]} not joined (class `?`).")
    print("# Written by generate-gcloud-operations.py. First the flags that stand alone, then those that take a")
    print("# value and may stand between words. Then `@GROUP` and its commands with a class: r reads, c creates, u updates,")
    print("# d deletes, e exports, i imports, p changes permissions; `!` are flags that are otherwise here")
    print("# (`+` alone, `=` with a value). All sorted by bytes, the class aside.")
    print("-", *always)
    print("=", *sorted(above))
    for group in sorted(by_group):
        print("@" + group)
        if odd.get(group):
            print("!", *odd[group])
        letters = {name: letter for letter, names in by_group[group].items() for name in names}
        print(*(f"{name}:{letters[name]}" for name in sorted(letters)))
    print(f"# gcloud {version}: {told[None]} commands that nothing but their help tells about.", file=sys.stderr)
    for (group, name), (letter, _, help_line) in sorted(found.items()):
        if letter == "?":
            print(f"{group} {name}\t{' '.join(help_line.split())[:160]}".strip(), file=sys.stderr)


if __name__ == "__main__":
    main()
