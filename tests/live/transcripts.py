#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the console blocks of a document and compare what they print.

    transcripts.py DOCUMENT FROM=TO...     every FROM in a command is TO here

All commands run in one shell, in order. In what they must print, a line "…" stands for any
lines, and "…" within a line for any text.
"""
import re
import subprocess
import sys

MARK = "=== end of command"


def commands(text):
    """(command, lines that it must print)"""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.M | re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def pattern(lines):
    out = ""
    for line in lines:
        if line == "…":
            out += r"(?:.*\n)*?"
        else:
            out += ".*".join(re.escape(part) for part in line.split("…")) + r"\n"
    return out


with open(sys.argv[1], encoding="utf-8") as document:
    wanted = commands(document.read())
script = ""
for command, _ in wanted:
    for change in sys.argv[2:]:
        command = command.replace(*change.split("=", 1))
    script += f"{command}\necho '{MARK}'\n"
done = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                      text=True, timeout=200, check=False)
printed = done.stdout.split(MARK + "\n")
wrong = 0
for (command, lines), got in zip(wanted, printed):
    got += "" if got == "" or got.endswith("\n") else "\n"
    if not re.fullmatch(pattern(lines), got):
        wrong += 1
        print(f"$ {command}\nwanted:", *lines, "got:", got, sep="\n")
print(f"commands: {len(wanted)}, wrong: {wrong}")
sys.exit(wrong > 0 or len(printed) != len(wanted) + 1)
