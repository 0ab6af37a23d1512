"""Children of a pool, one pure builder each: the same view gives the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_operator.render.access import preflight_account, role, role_binding, service_account
from laneway_operator.render.config import lane_config_map, live_config_map
from laneway_operator.render.dead_letters import dead_letter_config_map, dead_letter_handler, dead_letter_scaler
from laneway_operator.render.deployment import deployment
from laneway_operator.render.gateway import gateways
from laneway_operator.render.network import network_policies
from laneway_operator.render.preflight import preflight
from laneway_operator.render.projector import projector
from laneway_operator.render.scaling import scaled_object, trigger_authentication

if TYPE_CHECKING:
    from laneway_operator.render.view import Manifest, PoolView


def render(pool: PoolView) -> list[Manifest]:
    """Every child, in the order in which they are applied."""
    of_pool = (
        service_account,
        preflight_account,
        role,
        role_binding,
        trigger_authentication,
    )
    of_lane = (lane_config_map, live_config_map, deployment, scaled_object)
    of_dead_letters = (dead_letter_config_map, dead_letter_handler, dead_letter_scaler)
    built = [
        *(build(pool) for build in of_pool),
        *network_policies(pool),
        *preflight(pool),
        *(build(pool, lane) for lane in pool.lanes for build in of_lane),
        *(build(pool) for build in of_dead_letters),
        *gateways(pool),
        *projector(pool),
    ]
    return [each for each in built if each is not None]
