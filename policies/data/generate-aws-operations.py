#!/usr/bin/env python3
"""Writes aws-operations.txt: the services of the installed aws tool with their operations.

Run it with the Python that has `awscli` (version 1; its command table comes from
botocore's models and awscli's own additions):

    python3 generate-aws-operations.py > aws-operations.txt

Left out are the commands that have their own sections in tools/aws.toml.
"""

import collections

import awscli
import botocore
from awscli.clidriver import create_clidriver

OWN = {"s3", "configure", "history", "help", "login"}


def operations(command):
    table = getattr(command, "_get_command_table", None)
    return sorted(table()) if table else []


def main():
    print(f"# Services and operations of aws-cli {awscli.__version__}, botocore {botocore.__version__}.")
    print("# Written by generate-aws-operations.py. `@SERVICE`, then a line a verb: the verb, and what")
    print("# follows it in each operation; `.` where nothing does. All sorted by bytes.")
    for service, command in sorted(create_clidriver()._get_command_table().items()):
        verbs = collections.defaultdict(list)
        for operation in operations(command):
            verb, _, rest = operation.partition("-")
            verbs[verb].append(rest or ".")
        if service in OWN or not verbs:
            continue
        print("@" + service)
        for verb in sorted(verbs):
            print(verb, *sorted(verbs[verb]))


if __name__ == "__main__":
    main()
