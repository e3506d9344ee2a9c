"""The local portal: a store with the demo in it, everybody's tokens, and a server before both."""

import json
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette

from portal_api import app, handler
from portal_api.demo import story
from portal_api.demo.story import Person
from portal_api.demo.world import ROLES
from portal_api.dev import webhooks
from portal_api.dev.examples import Example, Places, examples
from portal_api.dev.gateway import HOST, LocalOrigins, gateway
from portal_api.dev.tokens import CLIENT_ID, Issuer
from portal_api.dev.webhooks import ToldStore
from portal_api.domain.partners import VENDOR_ROLES, Role
from portal_api.services.due_series import run_all
from portal_api.services.store import Store
from portal_api.services.use_case import Portal

_MOST_SHOWN: Final = 200


@dataclass(frozen=True)
class LocalPortal:
    """A portal that runs on this machine."""

    url: str
    store: ToldStore
    issuer: Issuer
    people: tuple[Person, ...]

    def server(self) -> Starlette:
        """Gateway and function, as they are in AWS but for where they run."""
        graphql = app.create_app(
            self.store,
            app.system_clock,
            app.new_id,
            introspection=True,
            private_origins=LocalOrigins(),
        )
        entry = handler.entry_of("dev", graphql, {CLIENT_ID}, LocalOrigins())
        return gateway(entry, self.issuer, self.page)

    def telling(self) -> AbstractContextManager[None]:
        """Receivers on this machine are told of what is committed, as long as this lasts."""
        portal = Portal(self.store, app.system_clock, app.new_id)
        return webhooks.telling(portal, self.store, LocalOrigins())

    @property
    def main(self) -> tuple[Person, ...]:
        """The main characters of the demo; in another store somebody of each role."""
        told = tuple(person for person in self.people if person.about)
        return told or tuple({person.role: person for person in reversed(self.people)}.values())

    def examples(self) -> tuple[Example, ...]:
        """The examples with their variables filled in, each for somebody who is here.

        In another store than the demo's, the questions alone, asked by somebody on the same side.
        """
        places = Places(self.store, self.people, app.new_id)
        here = {person.name for person in self.people}
        if any(person.about for person in self.people):
            return tuple(
                replace(one, variables=places.fill(one.variables))
                for one in examples()
                if one.person in here
            )
        instead = {side_of(person.role): person.name for person in self.main}
        return tuple(
            replace(one, person=instead[side])
            for one in examples()
            if not one.variables and (side := side_of(ROLES[one.person])) in instead
        )

    def token_of(self, name: str) -> str:
        """An access token of the person of that name."""
        return self.issuer.token(next(one.id for one in self.people if one.name == name))

    def curl(self, example: Example) -> str:
        """A command that asks an example, with its person's token in a variable of the shell."""
        document = " ".join(
            line.strip() for line in example.document.splitlines() if not line.startswith("#")
        )
        body = json.dumps({"query": document, "variables": example.variables})
        return (
            f"curl -s {self.url}/graphql -H 'content-type: application/json' \\\n"
            f'  -H "authorization: Bearer ${variable_of(example.person)}" \\\n'
            f"  --data-binary '{body.replace(chr(39), chr(39) + chr(92) + chr(39) * 2)}'"
        )

    def page(self) -> str:
        """The page to try everything on, which loads nothing from anywhere else."""
        people = [_shown(one, self.issuer.token(one.id)) for one in self.people[:_MOST_SHOWN]]
        shown = [
            {
                "title": f"{one.title} ({one.person})",
                "person": one.person,
                "document": one.document,
                "variables": one.variables,
            }
            for one in self.examples()
        ]
        # Inside a script element nothing must look like its end.
        data = json.dumps({"people": people, "examples": shown}).replace("<", "\\u003c")
        template = files(__package__).joinpath("page.html").read_text("utf-8")
        return template.replace("%DATA%", data)


def local_portal(
    store: Store, port: int, on_step: Callable[[int, int], None] = lambda _done, _known: None
) -> LocalPortal:
    """The portal on a store, which gets the demo where it is empty."""
    if story.is_missing(store):
        today = app.system_clock().replace(hour=0, minute=0, second=0, microsecond=0)
        story.tell(store, app.id_maker, until=today, on_step=on_step)
    if story.is_told(store):
        # What has become due since the story ended: holds are over, and points have expired.
        run_all(Portal(store, app.system_clock, app.new_id))
    url = f"http://{HOST}:{port}"
    return LocalPortal(url, ToldStore(store), Issuer(f"{url}/issuer"), story.people(store))


def side_of(role: Role) -> Role:
    """The role itself, or one for all of the vendor's people."""
    return Role.ADMIN if role in VENDOR_ROLES else role


def variable_of(name: str) -> str:
    """The variable of the shell for a person's token."""
    return name.partition(" ")[0].upper()


def listener(port: int) -> socket.socket:
    """A socket at this machine's own address only; raises ``OSError`` where the port is taken."""
    return socket.create_server((HOST, port))


def server_of(portal: LocalPortal) -> uvicorn.Server:
    """The server, to be run on a listening socket."""
    return uvicorn.Server(
        uvicorn.Config(portal.server(), log_level="warning", lifespan="off", ws="none")
    )


def _shown(person: Person, token: str) -> dict[str, Any]:
    return {
        "name": person.name,
        "role": person.role,
        "partner": person.partner,
        "about": person.about,
        "token": token,
    }
