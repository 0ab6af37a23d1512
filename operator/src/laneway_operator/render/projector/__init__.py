"""The projector: events of results become rows, there only while the events queue holds something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.shared.names import projector_account_name
from laneway_operator.render.access import account_called
from laneway_operator.render.meta import Component, config_map, projector_name, short_hash
from laneway_operator.render.projector.deployment import FILE, deployment, scaler
from laneway_operator.render.projector.document import document

if TYPE_CHECKING:
    from laneway_operator.render.view import Manifest, PoolView


def projector(pool: PoolView) -> list[Manifest]:
    """Nothing for a pool that has no table; its NetworkPolicy is rendered with the others."""
    said, program = pool.table, pool.settings.tables
    if said is None or program is None:
        return []
    annotations = said.service_account.annotations
    text = document(pool, said)
    name = f"{projector_name(pool.name)}-{short_hash(text)}"
    return [
        account_called(pool, projector_account_name(pool.name), annotations, Component.PROJECTOR),
        config_map(pool, name, FILE, text, component=Component.PROJECTOR),
        deployment(pool, said, program, name),
        scaler(pool),
    ]
