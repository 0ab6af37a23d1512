"""The CustomResourceDefinition of PlacementProfiles. Pure."""

from __future__ import annotations

from laneway.schema.pool.profile import PlacementProfile, ProfileSpec
from laneway.schema.shared.base import cel
from laneway.schema.shared.names import PROFILE_KIND, PROFILE_PLURAL
from laneway_operator.crd.definition import Definition
from laneway_operator.crd.edits import PROFILE_EDITS
from laneway_operator.status.beside.profiles import ProfileStatus

MAX_PROFILE_NAME = 63
_DEVICE = ".spec.accelerator.extendedResource"

PROFILES = Definition(
    kind=PROFILE_KIND,
    plural=PROFILE_PLURAL,
    short="lpp",
    scope="Cluster",
    categories=("laneway",),
    description=(PlacementProfile.__doc__ or "").strip(),
    spec=ProfileSpec,
    status=ProfileStatus,
    rules=cel(
        (
            f"size(self.metadata.name) <= {MAX_PROFILE_NAME}",
            f"the profile's name should have at most {MAX_PROFILE_NAME} characters",
        ),
        ("!self.metadata.name.contains('.')", "the profile's name should have no dots, such as g5-spot"),
    ),
    columns=(
        ("Accelerator", "string", f"{_DEVICE}.name", 0),
        ("Count", "integer", f"{_DEVICE}.count", 0),
        ("Memory", "string", f"{_DEVICE}.memory", 0),
        ("Price", "string", ".spec.pricePerHour", 0),
        ("Interruption", "string", ".spec.interruption", 0),
        ("Pools", "integer", ".status.poolCount", 0),
        ("Age", "date", ".metadata.creationTimestamp", 0),
    ),
    edits=PROFILE_EDITS,
)
