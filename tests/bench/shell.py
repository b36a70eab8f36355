"""What benchmarks share: commands, and databases of their own to measure in."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".work"


def run(*command, stdin=None, **environment):
    """Run a command to its end; return its output, or stop with it."""
    done = subprocess.run(
        command, input=stdin, text=True, capture_output=True, check=False, env={**os.environ, **environment}
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


@contextmanager
def copied(template, name):
    """Copy a database, files included, for as long as the block lasts."""
    files = WORK / "data" / "filestore"
    run("dropdb", "--if-exists", "--force", name)
    run("createdb", "-T", template, name)
    shutil.rmtree(files / name, ignore_errors=True)
    if (files / template).is_dir():
        shutil.copytree(files / template, files / name, copy_function=os.link)
    try:
        yield name
    finally:
        run("dropdb", "--if-exists", "--force", name)
        shutil.rmtree(files / name, ignore_errors=True)


def in_shell(database, conf, script):
    """Run a script in `odoo shell` and return what it printed as JSON after the word RESULT."""
    options = ["-c", str(conf), "-d", database, "--no-http", "--log-level=error"]
    output = run("odoo", "shell", *options, stdin=f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n{script}")
    return json.loads(output.split("RESULT", 1)[1].strip().splitlines()[0])
