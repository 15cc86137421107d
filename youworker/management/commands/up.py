"""`manage.py up`: the whole product with one command."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand
from django.db import OperationalError, connection
from django.utils.translation import override

from youworker.appliance import commands
from youworker.appliance.bootstrap import prepare_database
from youworker.appliance.embedded import StartupRefused
from youworker.appliance.output import Output
from youworker.appliance.startup_checks import (
    missing_parts,
    redis_notices,
    require_address,
    require_files,
)
from youworker.appliance.supervisor import Supervisor
from youworker.core.commands import first_line
from youworker.core.config import config

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

    from youworker.appliance.child import Child


class Command(BaseCommand):
    help = "Start everything: database, web, worker and scheduler; Ctrl-C ends it."
    # Needs tables that may not exist yet.
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=config.api.host, help="address to listen at")
        parser.add_argument("--port", type=int, default=config.api.port, help="its port")
        parser.add_argument(
            "--workers",
            type=int,
            default=config.ingestion.worker_processes,
            help="processes that read files",
        )

    def handle(self, *, host: str, port: int, workers: int, **options: Any) -> None:
        require_files(config.data_dir, config.data_dir / "files")
        require_address(host, port)
        output = Output()
        children = commands.children(output, host=host, port=port, workers=workers)
        try:
            # The web process takes as long to load as the database to be prepared.
            prepare_database(output.write_line, meanwhile=children[0].start_early)
            # The output of processes is a log, which is English.
            with override(None):
                for notice in (*redis_notices(), *missing_parts()):
                    output.write_line(f"youworker: {notice}")
            connection.close()
            asyncio.run(self.supervise(children, output, host=host, port=port))
        except OperationalError as error:
            raise StartupRefused(
                f"the database fails: {first_line(error)}: look whether PostgreSQL runs and"
                " DATABASE_URL is right (its own one writes postgres.log in DATA_DIR)"
            ) from error
        finally:
            # After a start that was refused; else it has ended long ago.
            children[0].kill()
            output.close()

    async def supervise(
        self, children: Sequence[Child], output: Output, *, host: str, port: int
    ) -> None:
        """Run the children until a signal."""
        name = commands.own_name(config.security.allowed_hosts)
        await Supervisor(children, output, host=host, port=port, name=name).run()
