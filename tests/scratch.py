"""Databases of a test's own, for what cannot be done inside a transaction: installing and removing addons."""

import os
import shutil
import subprocess
from pathlib import Path

from odoo.sql_db import close_db, db_connect
from odoo.tools import SQL, config


class ScratchDatabase:
    """A PostgreSQL database that lives as long as the `with` block, and the odoo command on it.

    :param str name: its name; an older one of that name is dropped.
    :param str template: the database it is copied from, files included; without it, it is empty.
    :param conf: its odoo.conf; without it, that of the tests.
    """

    def __init__(self, name, template=None, conf=None):
        self.name = name
        self.template = template
        self.conf = conf or config["config"]
        self.log = Path(config["data_dir"]).parent / "log" / f"{name}.log"

    def __enter__(self):
        self._drop()
        subprocess.run(["createdb", "-T", self.template or "template0", self.name], check=True)
        if self.template and self._filestore(self.template).is_dir():
            shutil.copytree(self._filestore(self.template), self._filestore(self.name), copy_function=os.link)
        return self

    def __exit__(self, *_exception):
        self._drop()

    @staticmethod
    def _filestore(name):
        return Path(config["data_dir"]) / "filestore" / name

    def _drop(self):
        close_db(self.name)
        subprocess.run(["dropdb", "--if-exists", "--force", self.name], check=True, stderr=subprocess.DEVNULL)
        shutil.rmtree(self._filestore(self.name), ignore_errors=True)

    def start(self, command, *options, stdin=None):
        """Start an odoo command ("server", "module uninstall", ...), its output going to the log.

        :return: the process, for `finish`.
        """
        with self.log.open("w", encoding="utf-8") as log:
            return subprocess.Popen(
                ["odoo", *command.split(), "-c", str(self.conf), "-d", self.name, *options],
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )

    def finish(self, process, stdin=None):
        """Wait for a started command; return its output, or raise with the end of it."""
        process.communicate(stdin)
        output = self.log.read_text(encoding="utf-8", errors="replace")
        if process.returncode:
            raise AssertionError(f"{process.args} exited {process.returncode}:\n{output[-5000:]}")
        return output

    def odoo(self, command, *options, stdin=None):
        """Run an odoo command to its end; return its output."""
        return self.finish(self.start(command, *options, stdin=stdin), stdin)

    def query(self, query, *parameters):
        """Return the rows of a query."""
        with db_connect(self.name).cursor() as cr:
            cr.execute(SQL(query, *parameters))
            return cr.fetchall()

    def execute(self, statement, *parameters):
        """Run a statement and commit."""
        with db_connect(self.name).cursor() as cr:
            cr.execute(SQL(statement, *parameters))
