"""Who a pool's pods are."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from laneway.schema.shared.base import AnnotationText, KubernetesModel, ObjectName, bad_name, cel

ONE_ACCOUNT = "give exactly one of annotations and name"
NAMED_FOR_BOTH = "preflightAnnotations go with annotations: an account of your own is the preflight's too"
BAD_ANNOTATION = "an annotation's name should be as in Kubernetes, such as eks.amazonaws.com/role-arn"


class ServiceAccount(KubernetesModel):
    """Who the pool's pods are, in the cluster and so on AWS: exactly one of `annotations` and `name`."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            ("has(self.annotations) != has(self.name)", ONE_ACCOUNT),
            ("!has(self.preflightAnnotations) || !has(self.name)", NAMED_FOR_BOTH),
        )
    )

    annotations: Annotated[dict[str, AnnotationText], Field(min_length=1, max_length=16)] | None = None
    """Of the account that Laneway makes, such as `eks.amazonaws.com/role-arn`. Another role is tried by a preflight at
    once; workers that run keep theirs until they are replaced.
    """
    preflight_annotations: Annotated[dict[str, AnnotationText], Field(min_length=1, max_length=16)] | None = None
    """Of an account of the preflight's own, which alone may write `pool.json` then. Default: it has the workers'."""
    name: ObjectName | None = None
    """An account of your own in the pool's namespace, for the preflight too. Its workers write onto their pods only
    where the name begins with `laneway-worker-`: no other is bound by the policy that bounds what they may write.
    """

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        if (self.annotations is None) == (self.name is None):
            raise ValueError(ONE_ACCOUNT)
        if self.preflight_annotations is not None and self.name is not None:
            raise ValueError(NAMED_FOR_BOTH)
        why = bad_name((*(self.annotations or ()), *(self.preflight_annotations or ())), BAD_ANNOTATION)
        if why:
            raise ValueError(why)
        return self
