"""Pools that both the models and the API server must refuse, and pools that both accept.

The words are the models'; an API server says the same in words of its own.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from support.inputs.pools import TOPIC, pool_with

DIGEST = "sha256:" + "a" * 64
BUCKET = {"bucket": "acme-llm"}
OUT = {"s3": {"bucket": "acme-out", "prefix": "llm/"}}
IN_RESULTS = "a destination and the pool's own results should not lie in each other: give it another bucket"
QUEUE = {"url": "https://sqs/a", "deadLetterURL": "https://sqs/a-dead"}
OTHER_QUEUE = {"url": "https://sqs/b", "deadLetterURL": "https://sqs/b-dead"}
QUEUE_IN_IRELAND = {
    "url": "https://sqs.eu-west-1.amazonaws.com/111122223333/jobs",
    "deadLetterURL": "https://sqs.eu-west-1.amazonaws.com/111122223333/jobs-dead",
}
LONG_URL = "https://sqs/" + "a" * 500


class Bad(NamedTuple):
    """A pool that is refused."""

    name: str
    document: dict[str, Any]
    words: str
    """What pydantic says."""
    server: str
    """What the API server says."""


def _bad(name: str, words: str, server: str, **fields: Any) -> Bad:
    return Bad(name, pool_with(**fields), words, server)


def _limits(**limits: Any) -> dict[str, Any]:
    return {"lane": {"limits": limits}}


def _scaling(**scaling: Any) -> dict[str, Any]:
    return {"lane": {"scaling": scaling}}


def _resources(**resources: Any) -> dict[str, Any]:
    return {"lane": {"resources": resources}}


def _memory(value: Any) -> dict[str, Any]:
    return _resources(requests={"memory": value})


def _env(name: str, value: str = "1") -> dict[str, Any]:
    return {"pods": {"env": [{"name": name, "value": value}]}}


def _claim(**claim: Any) -> dict[str, Any]:
    return {"volumeClaim": claim}


def _image(**image: Any) -> dict[str, Any]:
    return {"modelStore": {"image": image}}


UNKNOWN = "unknown field"
NO_RESULTS = "say where results go: s3: {bucket: acme-llm}"
NO_OUTPUT = "say where outputs go: s3: {bucket: acme-legal, prefix: llm/}"
ONE_QUEUE = "give exactly one of managed and external: {url: …, deadLetterURL: …}"
COOLDOWN = "cooldown should be at least 1m: SQS's counts are approximate, and a queue that looks empty once would end"
ONE_STORE = "give exactly one of pull, image and volumeClaim"
ONE_ACCOUNT = "give exactly one of annotations and name"
NAMED_FOR_BOTH = "preflightAnnotations go with annotations: an account of your own is the preflight's too"
IS_LANEWAYS = (
    "keys of laneway.dev/, app.kubernetes.io/managed-by and app.kubernetes.io/component are Laneway's: it finds pods "
    "by them; use your own"
)
SYSTEM_CLASS = "a PriorityClass that begins with system- is for the cluster's own pods; use one of your own"
IS_KUBERNETES = "this key is written or obeyed by Kubernetes; leave it out"
IS_A_RIGHT = "keys of this kind decide which pods have rights on AWS; set serviceAccount"
GIVES_MORE = "keys of this kind have a runtime, a network or a webhook give pods more than Laneway does; leave it out"
NOT_THE_POOLS = {
    "laneway.dev/pool": IS_LANEWAYS,
    "laneway.dev/anything": IS_LANEWAYS,
    "app.kubernetes.io/managed-by": IS_LANEWAYS,
    "app.kubernetes.io/component": IS_LANEWAYS,
    "eks.amazonaws.com/skip-containers": IS_A_RIGHT,
    "iam.amazonaws.com/role": IS_A_RIGHT,
    "cdi.k8s.io/gpu": GIVES_MORE,
    "config.linkerd.io/proxy-image": GIVES_MORE,
    "devices.nri.io/container.ollama": GIVES_MORE,
    "mounts.nri.io/container.ollama": GIVES_MORE,
    "nvidia.cdi.k8s.io/gpu": GIVES_MORE,
    "v1.multus-cni.io/default-network": GIVES_MORE,
    "vault.hashicorp.com/agent-inject": GIVES_MORE,
    "inject.istio.io/templates": GIVES_MORE,
    "io.katacontainers.config.hypervisor.path": GIVES_MORE,
    "io.kubernetes.cri-o.Devices": GIVES_MORE,
    "k8s.v1.cni.cncf.io/networks": GIVES_MORE,
    "proxy.istio.io/overrides": GIVES_MORE,
    "sidecar.istio.io/proxyImage": GIVES_MORE,
    "sidecar.istio.io/userVolumeMount": GIVES_MORE,
    "controller.kubernetes.io/pod-deletion-cost": (
        "a key of controller.kubernetes.io/ is written by workers, so that idle ones leave first; leave it out"
    ),
    "kubernetes.io/config.mirror": IS_KUBERNETES,
    "batch.kubernetes.io/job-name": IS_KUBERNETES,
    "container.apparmor.security.beta.kubernetes.io/ollama": IS_KUBERNETES,
    "pod-template-hash": IS_KUBERNETES,
    "controller-uid": IS_KUBERNETES,
    "job-name": IS_KUBERNETES,
}
"""A key of a label or an annotation → why a pool can't have it."""
SERVING = "Laneway sets this variable, and serving depends on it; leave it out"
DEVICES = "the placement profile's accelerator decides which devices Ollama has; leave it out"
NO_RIGHTS = "Ollama has no rights on AWS or in the cluster; leave it out"
ENV = "env takes OLLAMA_FLASH_ATTENTION, OLLAMA_KV_CACHE_TYPE, OLLAMA_GPU_OVERHEAD, OLLAMA_LLM_LIBRARY"
KINDS_OF_CACHE = "OLLAMA_KV_CACHE_TYPE should be f16, q8_0 or q4_0"
PROXY_URL = "HTTPS_PROXY should be a URL without a password, such as http://proxy.example:3128"
NOT_ENV = {
    "OLLAMA_CONTEXT_LENGTH": "set contextLength of the model instead",
    "OLLAMA_NUM_PARALLEL": "set parallel of the lane instead",
    "LLAMA_ARG_CACHE_RAM": "it is an eighth of Ollama's memory limit",
    "OLLAMA_HOST": SERVING,
    "OLLAMA_MODELS": SERVING,
    "OLLAMA_KEEP_ALIVE": SERVING,
    "OLLAMA_LOAD_TIMEOUT": SERVING,
    "OLLAMA_MAX_LOADED_MODELS": SERVING,
    "OLLAMA_NOPRUNE": SERVING,
    "OLLAMA_NO_CLOUD": SERVING,
    "HOME": SERVING,
    "OLLAMA_DEBUG": "prompts would get into logs or files; leave it out",
    "OLLAMA_DEBUG_LOG_REQUESTS": "prompts would get into logs or files; leave it out",
    "OLLAMA_ORIGINS": "nobody but the worker talks to Ollama, and prompts stay in the pod; leave it out",
    "OLLAMA_REMOTES": "nobody but the worker talks to Ollama, and prompts stay in the pod; leave it out",
    "NVIDIA_VISIBLE_DEVICES": DEVICES,
    "CUDA_VISIBLE_DEVICES": DEVICES,
    "AWS_SECRET_ACCESS_KEY": NO_RIGHTS,
    "KUBERNETES_SERVICE_HOST": NO_RIGHTS,
    "HTTP_PROXY": "Ollama pulls models by HTTPS alone; set HTTPS_PROXY",
    "LD_PRELOAD": ENV,
    "PATH": ENV,
    "LLAMA_ARG_LOG_FILE": ENV,
    "OLLAMA_A_VARIABLE_OF_A_LATER_VERSION": ENV,
    "HTTPS_PROXY_": ENV,
    "HOMES": ENV,
}
"""A variable → why Ollama can't have it from a pool."""
OTHER_RESOURCE = (
    "only cpu, memory and ephemeral-storage; leave others out: the accelerator comes from the lane's placement profile"
)
BAD_CPU = "cpu should be 10m to 1000"
BAD_BYTES = "memory and ephemeral-storage should be 64Mi to 64Ti, with their unit"
BAD_REQUEST = f"{BAD_BYTES}, or 0 to ask for none"
SMALL = "should be small letters, digits and dashes, with a letter or a digit at both ends, such as "
ENGINE = "should be the name of one of the operator's engines, not an image or a version: such as ollama-0-32"
MODEL = "should be a model's name as Ollama writes it, without spaces and https://, such as gemma3:4b or"
A_DIGEST = "should be a whole digest: sha256: and 64 digits, each 0-9 or a-f, such as sha256:a2af6cc3eb7f…"
A_BUCKET = "should be a bucket's name without s3://: 3 to 63 small letters, digits, dots and dashes, such as acme-llm"
PREFIX = (
    "should be parts of letters, digits, dots, dashes, _ and =, each ending with a slash and none beginning with a "
    "dot, such as llm/documents/"
)
ARN = "should be the ARN of a standard SNS topic, such as arn:aws:sns:eu-west-1:111122223333:results"
REGION = "should be a region as AWS names it, such as eu-west-1"
QUEUE_URL = "should be the URL of a queue, such as https://sqs.eu-west-1.amazonaws.com/111122223333/documents"
OBJECT = (
    "should be the name of an object in the cluster: small letters, digits, dashes and dots, with a letter or a digit "
    "at both ends, such as team-a"
)
LABEL = "should be letters, digits, dashes, underscores and dots, a letter or a digit at both ends, such as team-a"
VARIABLE = "should be a variable's name: letters, digits and underscores, no digit first, such as NO_PROXY"
ONE_LINE = "should be one line of ASCII, such as 1; a variable without a value is left out"
IMAGE = (
    "should be an image as a registry names it, without https:// and with its path in small letters, such as "
    "registry.example/models/gemma3:4b; a digest at its end is @sha256: and 64 digits, each 0-9 or a-f"
)
DURATION = "should be a duration such as 90s, 5m or 1h30m"
QUANTITY = "should be a quantity such as 500m, 2 or 8Gi (one with a point in quotes: '0.5')"

_BAD = (
    _bad("no model", "spec.model: is missing; add it", "spec.model: Required", model=None),
    _bad("a model without a name", "spec.model.name: is missing; add it", "spec.model.name: Required", model={}),
    *(
        _bad(f"a model's name: {name}", f"spec.model.name: {MODEL}", MODEL, model={"name": name})
        for name in (
            *("gemma 3", "gemma3:", ":4b", "a/b/c/d", "a//b", "-a", ".a", "a:-b", "a:b:c", "nlp.team/gemma3"),
            *("localhost:5000/gemma3", "https://registry.example/nlp/gemma3", f"gemma3@{DIGEST}", "a:" + "b" * 81),
        )
    ),
    _bad("a long model's name", "at most 256", "may not be more than 256 bytes", model={"name": "a" * 257}),
    _bad("a digest that is none", f"spec.model.digest: {A_DIGEST}", A_DIGEST, model={"name": "a", "digest": "a" * 64}),
    _bad(
        "a tiny context",
        "contextLength: should be greater than or equal to 512",
        "greater than or equal to 512",
        model={"name": "a", "contextLength": 511},
    ),
    _bad("no place for results", "spec.results.s3: is missing; add it", NO_RESULTS, results={}),
    _bad(
        "results as they were",
        "spec.results.bucket: unknown field; it belongs in spec.results.s3",
        UNKNOWN,
        results=BUCKET,
    ),
    _bad(
        "no bucket",
        "spec.results.s3.bucket: is missing; add it",
        "spec.results.s3.bucket: Required",
        results={"s3": {}},
    ),
    _bad("a bucket in capitals", f"spec.results.s3.bucket: {A_BUCKET}", A_BUCKET, results={"s3": {"bucket": "Acme"}}),
    _bad("a short bucket", f"spec.results.s3.bucket: {A_BUCKET}", A_BUCKET, results={"s3": {"bucket": "ab"}}),
    _bad(
        "a prefix without a slash",
        f"spec.results.s3.prefix: {PREFIX}",
        PREFIX,
        results={"s3": BUCKET | {"prefix": "a"}},
    ),
    _bad("a prefix upwards", f"spec.results.s3.prefix: {PREFIX}", PREFIX, results={"s3": BUCKET | {"prefix": "../"}}),
    _bad("a prefix at the root", f"spec.results.s3.prefix: {PREFIX}", PREFIX, results={"s3": BUCKET | {"prefix": "/"}}),
    _bad("a topic that is no ARN", f"topicARN: {ARN}", ARN, notifications={"sns": {"topicARN": "results"}}),
    _bad("notifications to nobody", "notifications.sns: is missing; add it", "sns: Required", notifications={}),
    _bad("a region that is none", f"spec.aws.region: {REGION}", REGION, aws={"region": "europe"}),
    _bad(
        "two destinations of one name",
        "two destinations have the same name, a; give each its own",
        "Duplicate value",
        destinations=[OUT | {"name": "a"}, OUT | {"name": "a"}],
    ),
    _bad(
        "a destination with a bad alias",
        f"spec.destinations[0].name: {SMALL}",
        SMALL,
        destinations=[OUT | {"name": "Legal"}],
    ),
    _bad(
        "a destination without a prefix",
        "spec.destinations[0].s3: prefix is missing: say below which keys outputs go, such as llm/out/",
        "spec.destinations[0].s3.prefix: Required",
        destinations=[{"name": "legal", "s3": {"bucket": "acme-legal"}}],
    ),
    _bad(
        "a destination nowhere",
        "spec.destinations[0].s3: is missing; add it",
        NO_OUTPUT,
        destinations=[{"name": "legal"}],
    ),
    _bad(
        "a destination as it was",
        "spec.destinations[0].prefix: unknown field; it belongs in spec.destinations[0].s3",
        UNKNOWN,
        destinations=[BUCKET | {"name": "legal", "prefix": "llm/"}],
    ),
    _bad(
        "a destination in the results",
        IN_RESULTS,
        IN_RESULTS,
        results={"s3": BUCKET | {"prefix": "documents/"}},
        destinations=[{"name": "legal", "s3": BUCKET | {"prefix": "documents/results/"}}],
    ),
    _bad(
        "a destination that is the results' place",
        IN_RESULTS,
        IN_RESULTS,
        results={"s3": BUCKET | {"prefix": "llm/documents/"}},
        destinations=[{"name": "legal", "s3": BUCKET | {"prefix": "llm/documents/"}}],
    ),
    _bad(
        "a destination around the results",
        IN_RESULTS,
        IN_RESULTS,
        results={"s3": BUCKET | {"prefix": "llm/documents/"}},
        destinations=[{"name": "legal", "s3": BUCKET | {"prefix": "llm/"}}],
    ),
    _bad(
        "33 destinations",
        "spec.destinations: should have at most 32 items",
        "must have at most 32 items",
        destinations=[OUT | {"name": f"d{number}"} for number in range(33)],
    ),
    _bad("no lanes", "spec.lanes: should have at least 1 item", "should have at least 1 items", lanes=[]),
    _bad(
        "17 lanes",
        "spec.lanes: should have at most 16 items",
        "must have at most 16 items",
        lanes=[{"name": f"l{number}"} for number in range(17)],
    ),
    _bad(
        "two lanes of one name",
        "two lanes have the same name, a; give each its own",
        "Duplicate value",
        lanes=[{"name": "a"}] * 2,
    ),
    _bad("a lane without a name", "spec.lanes[0].name: is missing; add it", "spec.lanes[0].name: Required", lanes=[{}]),
    _bad("a lane's long name", "at most 20 characters", "may not be more than 20 bytes", lanes=[{"name": "l" * 21}]),
    _bad("a lane's name in capitals", f"spec.lanes[0].name: {SMALL}", SMALL, lanes=[{"name": "Fast"}]),
    _bad("no queue at all", ONE_QUEUE, ONE_QUEUE, lane={"queue": {}}),
    _bad(
        "a queue of both kinds",
        ONE_QUEUE,
        ONE_QUEUE,
        lane={"queue": {"external": QUEUE, "managed": {}}},
    ),
    _bad(
        "a queue as it was",
        "spec.lanes[0].queue.deadLetterURL: unknown field; it belongs in spec.lanes[0].queue.external",
        UNKNOWN,
        lane={"queue": QUEUE},
    ),
    _bad(
        "a queue without a dead-letter queue",
        "queue.external.deadLetterURL: is missing; add it",
        "queue.external.deadLetterURL: Required",
        lane={"queue": {"external": {"url": "https://sqs/a"}}},
    ),
    _bad(
        "a dead-letter queue without a queue",
        "queue.external.url: is missing; add it",
        "queue.external.url: Required",
        lane={"queue": {"external": {"deadLetterURL": "https://sqs/a"}}},
    ),
    _bad(
        "another deletion policy",
        "deletionPolicy: should be 'Retain' or 'Delete'",
        'supported values: "Retain", "Delete"',
        lane={"queue": {"managed": {"deletionPolicy": "Orphan"}}},
    ),
    _bad(
        "a FIFO queue",
        "a FIFO queue can't be served",
        "a FIFO queue can't be served",
        lane={"queue": {"external": QUEUE | {"url": "https://sqs/a.fifo"}}},
    ),
    _bad(
        "a FIFO dead-letter queue",
        "a FIFO queue can't be served",
        "a FIFO queue can't be served",
        lane={"queue": {"external": QUEUE | {"deadLetterURL": "https://sqs/a.fifo"}}},
    ),
    _bad(
        "a queue that is no URL",
        f"queue.external.url: {QUEUE_URL}",
        QUEUE_URL,
        lane={"queue": {"external": QUEUE | {"url": "documents"}}},
    ),
    _bad(
        "a long URL",
        "at most 512",
        "may not be more than 512 bytes",
        lane={"queue": {"external": QUEUE | {"url": LONG_URL + "a"}}},
    ),
    _bad(
        "two lanes with one queue",
        "lane a and b: a queue is used twice; give each lane a queue and a dead-letter queue of its own",
        "a queue is used twice; give each lane a queue and a dead-letter queue of its own",
        lanes=[
            {"name": "a", "queue": {"external": QUEUE}},
            {"name": "b", "queue": {"external": OTHER_QUEUE | {"url": QUEUE["url"]}}},
        ],
    ),
    _bad(
        "a queue that is another lane's dead-letter queue",
        "lane a and b: a queue is used twice; give each lane a queue and a dead-letter queue of its own",
        "a queue is used twice; give each lane a queue and a dead-letter queue of its own",
        lanes=[
            {"name": "a", "queue": {"external": QUEUE}},
            {"name": "b", "queue": {"external": OTHER_QUEUE | {"url": QUEUE["deadLetterURL"]}}},
        ],
    ),
    _bad(
        "two lanes with one dead-letter queue",
        "lane a and b: a queue is used twice; give each lane a queue and a dead-letter queue of its own",
        "a queue is used twice; give each lane a queue and a dead-letter queue of its own",
        lanes=[
            {"name": "a", "queue": {"external": QUEUE}},
            {"name": "b", "queue": {"external": QUEUE | {"url": "https://sqs/b"}}},
        ],
    ),
    _bad(
        "a queue that is its own dead-letter queue",
        ": a queue is used twice; give each lane a queue and a dead-letter queue of its own",
        "a queue is used twice; give each lane a queue and a dead-letter queue of its own",
        lane={"queue": {"external": {"url": "https://sqs/a", "deadLetterURL": "https://sqs/a"}}},
    ),
    _bad(
        "a queue in another region",
        "queue.external.url of lane default says eu-west-1, and spec.aws.region says us-east-1; queues and workers",
        "queues and workers of a pool are in one region",
        aws={"region": "us-east-1"},
        lane={"queue": {"external": QUEUE_IN_IRELAND}},
    ),
    _bad(
        "a dead-letter queue in another region",
        "queue.external.url of lane default says eu-west-1, and queue.external.deadLetterURL of lane default says "
        "us-east-1; queues and workers of a pool",
        "queues and workers of a pool are in one region",
        aws={"region": "eu-west-1"},
        lane={
            "queue": {
                "external": QUEUE_IN_IRELAND
                | {"deadLetterURL": "https://sqs.us-east-1.amazonaws.com/111122223333/dead"}
            }
        },
    ),
    _bad("no request at once", "parallel: should be greater", "greater than or equal to 1", lane={"parallel": 0}),
    _bad("65 requests at once", "parallel: should be less", "less than or equal to 64", lane={"parallel": 65}),
    _bad(
        "a number in quotes",
        "parallel: should be a whole number, without quotes",
        "must be of type integer",
        lane={"parallel": "2"},
    ),
    _bad(
        "a timeout of no length",
        "timeout: should be greater",
        f"{DURATION}, from 1s to 11h30m",
        **_limits(timeout="0s"),
    ),
    _bad(
        "a timeout too long", "timeout: should be less", f"{DURATION}, from 1s to 11h30m", **_limits(timeout="11h30m1s")
    ),
    _bad("a timeout in words", DURATION, DURATION, **_limits(timeout="soon")),
    _bad("a timeout in days", DURATION, DURATION, **_limits(timeout="1d")),
    _bad("a timeout backwards", DURATION, DURATION, **_limits(timeout="-5m")),
    _bad("a timeout as a number", DURATION, "must be of type string", **_limits(timeout=300)),
    _bad("an empty timeout", DURATION, "at least 2 chars", **_limits(timeout="")),
    _bad(
        "an expiry too short",
        "expiresAfter: should be greater",
        f"{DURATION}, from 1m to 312h",
        **_limits(expiresAfter="59s"),
    ),
    _bad(
        "an expiry too long",
        "expiresAfter: should be less",
        f"{DURATION}, from 1m to 312h",
        **_limits(expiresAfter="312h1s"),
    ),
    _bad(
        "an expiry before the timeout",
        "spec.lanes[0]: limits.expiresAfter (9m59s) should be at least limits.timeout (10m)",
        "limits.expiresAfter should be at least limits.timeout, which is 5m where it isn't given",
        **_limits(timeout="10m", expiresAfter="9m59s"),
    ),
    _bad(
        "an expiry before the default timeout",
        "spec.lanes[0]: limits.expiresAfter (4m) should be at least limits.timeout (5m)",
        "limits.expiresAfter should be at least limits.timeout, which is 5m where it isn't given",
        **_limits(expiresAfter="4m"),
    ),
    _bad("no attempt", "maxAttempts: should be greater", "greater than or equal to 1", **_limits(maxAttempts=0)),
    _bad("eleven attempts", "maxAttempts: should be less", "less than or equal to 10", **_limits(maxAttempts=11)),
    _bad("no tokens", "maxTokens: should be greater", "greater than or equal to 1", **_limits(maxTokens=0)),
    _bad(
        "an answer as long as the context",
        "limits.maxTokens (8192) should be smaller than the model's contextLength (8192)",
        "limits.maxTokens should be smaller than the model's contextLength",
        **_limits(maxTokens=8192),
    ),
    _bad(
        "an answer as long as the lane's own context",
        "limits.maxTokens (2048) should be smaller than the model's contextLength (2048)",
        "limits.maxTokens should be smaller than the model's contextLength",
        lane={"model": {"name": "a", "contextLength": 2048}, "limits": {"maxTokens": 2048}},
    ),
    _bad("no drain", "drainTimeout: should be greater", f"{DURATION}, from 1s to 30m", lane={"drainTimeout": "0s"}),
    _bad(
        "a drain too long",
        "drainTimeout: should be less",
        f"{DURATION}, from 1s to 30m",
        lane={"drainTimeout": "30m1s"},
    ),
    _bad(
        "a floor above the ceiling",
        "scaling: minReplicas (3) should be at most maxReplicas (2)",
        "minReplicas should be at most maxReplicas, which is 1 where it isn't given",
        **_scaling(minReplicas=3, maxReplicas=2),
    ),
    _bad(
        "a floor above the default ceiling",
        "scaling: minReplicas (2) should be at most maxReplicas (1)",
        "minReplicas should be at most maxReplicas, which is 1 where it isn't given",
        **_scaling(minReplicas=2),
    ),
    _bad("a floor below the ground", "minReplicas: should be greater", "equal to 0", **_scaling(minReplicas=-1)),
    _bad("no worker ever", "maxReplicas: should be greater", "equal to 1", **_scaling(maxReplicas=0)),
    _bad("1001 workers", "maxReplicas: should be less", "equal to 1000", **_scaling(maxReplicas=1001)),
    _bad("no jobs for a worker", "jobsPerReplica: should be greater", "equal to 1", **_scaling(jobsPerReplica=0)),
    _bad("10001 jobs for a worker", "jobsPerReplica: should be less", "10000", **_scaling(jobsPerReplica=10_001)),
    _bad("no cooldown", f"cooldown: {COOLDOWN}", COOLDOWN, **_scaling(cooldown="0s")),
    _bad("a cooldown too short", f"cooldown: {COOLDOWN}", COOLDOWN, **_scaling(cooldown="59s")),
    _bad("a cooldown too long", "cooldown: should be less", f"{DURATION}, from 1m to 6h", **_scaling(cooldown="6h1s")),
    _bad("nobody ever leaves", "percent: should be greater", "equal to 1", **_scaling(scaleIn={"percent": 0})),
    _bad("more than all leave", "percent: should be less", "equal to 100", **_scaling(scaleIn={"percent": 101})),
    _bad(
        "a part in words", "percent: should be a whole number", "type integer", **_scaling(scaleIn={"percent": "20%"})
    ),
    _bad(
        "a short period",
        "scaleIn.period: should be greater than or equal to 15s",
        f"{DURATION}, from 15s to 30m",
        **_scaling(scaleIn={"period": "14s"}),
    ),
    _bad(
        "a long period",
        "scaleIn.period: should be less than or equal to 30m",
        f"{DURATION}, from 15s to 30m",
        **_scaling(scaleIn={"period": "31m"}),
    ),
    _bad(
        "a poll too often",
        "greater than or equal to 5s",
        f"{DURATION}, from 5s to 1m",
        **_scaling(pollingInterval="4s"),
    ),
    _bad(
        "a poll too seldom", "less than or equal to 1m", f"{DURATION}, from 5s to 1m", **_scaling(pollingInterval="61s")
    ),
    _bad("a poll in seconds", "pollingInterval", "pollingInterval", **_scaling(pollingInterval=30)),
    _bad("a cooldown of half a second", DURATION, DURATION, **_scaling(cooldown="500ms")),
    _bad("a placement without a profile", "profiles: is missing; add it", "profiles: Required", lane={"placement": {}}),
    _bad(
        "a placement with no profile",
        "at least 1 item",
        "should have at least 1 items",
        lane={"placement": {"profiles": []}},
    ),
    _bad(
        "a placement with five profiles",
        "at most 4 items",
        "Too many: 5: must have at most 4 items",
        lane={"placement": {"profiles": ["a", "b", "c", "d", "e"]}},
    ),
    _bad(
        "a profile named twice",
        "the placement profile a is named twice; name each once",
        "a placement profile is named twice; name each once",
        lane={"placement": {"profiles": ["a", "b", "a"]}},
    ),
    _bad("a profile in capitals", f"profiles[0]: {SMALL}", SMALL, lane={"placement": {"profiles": ["G5"]}}),
    _bad(
        "a pull secret named twice",
        "the pull secret a is named twice; name each once",
        'spec.pods.imagePullSecrets[2]: Duplicate value: "a"',
        pods={"imagePullSecrets": ["a", "b", "a"]},
    ),
    _bad(
        "nine pull secrets",
        "at most 8 items",
        "must have at most 8 items",
        pods={"imagePullSecrets": [f"s{number}" for number in range(9)]},
    ),
    _bad(
        "the cluster's own priority",
        SYSTEM_CLASS,
        SYSTEM_CLASS,
        pods={"priorityClassName": "system-node-critical"},
    ),
    _bad("another of it", SYSTEM_CLASS, SYSTEM_CLASS, pods={"priorityClassName": "system-cluster-critical"}),
    _bad("a priority in capitals", f"priorityClassName: {OBJECT}", OBJECT, pods={"priorityClassName": "High"}),
    _bad("a runtime with a space", f"runtimeClassName: {OBJECT}", OBJECT, pods={"runtimeClassName": "a b"}),
    *(
        _bad(f"{key} among {field}", f"{field}: {key}: {words}", words, pods={field: {"team": "a", key: "b"}})
        for field in ("labels", "annotations")
        for key, words in NOT_THE_POOLS.items()
    ),
    _bad("a label's value with a space", f"labels.team: {LABEL}", LABEL, pods={"labels": {"team": "a b"}}),
    _bad(
        "a label's long value",
        "at most 63 characters",
        "may not be more than 63 bytes",
        pods={"labels": {"team": "a" * 64}},
    ),
    _bad(
        "an annotation that is no text",
        "annotations.karpenter.sh/do-not-disrupt: should be a text: write it in quotes",
        "must be of type string",
        pods={"annotations": {"karpenter.sh/do-not-disrupt": True}},
    ),
    _bad(
        "a pod's long annotation",
        "at most 2048",
        "may not be more than 2048 bytes",
        pods={"annotations": {"a": "b" * 2049}},
    ),
    _bad(
        "17 labels",
        "at most 16 items",
        "must have at most 16 items",
        pods={"labels": {f"a{number}": "" for number in range(17)}},
    ),
    *(
        _bad(f"the variable {name}", f"spec.pods.env[0]: {name}: {words}", words, **_env(name))
        for name, words in NOT_ENV.items()
    ),
    _bad(
        "a variable named twice",
        "two variables of env have the same name, NO_PROXY; name each once",
        "Duplicate value",
        pods={"env": [{"name": "NO_PROXY", "value": "a"}, {"name": "NO_PROXY", "value": "b"}]},
    ),
    _bad(
        "17 variables",
        "at most 16 items",
        "must have at most 16 items",
        pods={"env": [{"name": "NO_PROXY", "value": "a"} for _ in range(17)]},
    ),
    _bad("a variable with a dash", f"env[0].name: {VARIABLE}", VARIABLE, **_env("NO-PROXY")),
    _bad("a variable with nothing in it", f"env[0].value: {ONE_LINE}", ONE_LINE, **_env("NO_PROXY", "")),
    _bad("a variable of two lines", f"env[0].value: {ONE_LINE}", ONE_LINE, **_env("NO_PROXY", "a\nb")),
    _bad("a long variable", "at most 1024", "may not be more than 1024 bytes", **_env("NO_PROXY", "a" * 1025)),
    _bad(
        "a variable without a value",
        "env[0].value: is missing; add it",
        "env[0].value: Required",
        pods={"env": [{"name": "NO_PROXY"}]},
    ),
    _bad(
        "a variable from a Secret",
        "env[0].valueFrom: unknown field",
        'env[0].valueFrom"',
        pods={"env": [{"name": "NO_PROXY", "value": "a", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}]},
    ),
    _bad("another kind of cache", KINDS_OF_CACHE, KINDS_OF_CACHE, **_env("OLLAMA_KV_CACHE_TYPE", "q5_0")),
    *(
        _bad(f"the proxy {proxy}", PROXY_URL, PROXY_URL, **_env("HTTPS_PROXY", proxy))
        for proxy in ("http://user:secret@proxy.example:3128", "proxy.example:3128", "http://a b", "http://")
    ),
    _bad("no store at all", ONE_STORE, ONE_STORE, modelStore={}),
    _bad("a store of both kinds", ONE_STORE, ONE_STORE, modelStore={"pull": {}, "image": {"reference": "a"}}),
    _bad("a store of two kinds", ONE_STORE, ONE_STORE, modelStore={"image": {"reference": "a"}, **_claim(name="a")}),
    _bad(
        "a store of three kinds",
        ONE_STORE,
        ONE_STORE,
        modelStore={"pull": {}, "image": {"reference": "a"}, **_claim(name="a")},
    ),
    _bad(
        "a claim without a name",
        "volumeClaim.name: is missing; add it",
        "volumeClaim.name: Required",
        modelStore=_claim(),
    ),
    _bad("a claim's name in capitals", f"volumeClaim.name: {OBJECT}", OBJECT, modelStore=_claim(name="Models")),
    _bad(
        "a claim as volumes name it",
        "volumeClaim.claimName: unknown field",
        "claimName",
        modelStore=_claim(claimName="a"),
    ),
    _bad("an engine that is an image", f"spec.engine: {ENGINE}", ENGINE, engine="ollama/ollama:0.32.15"),
    _bad(
        "an engine without quotes",
        "engine: should be a text: write it in quotes",
        "must be of type string",
        engine=0.32,
    ),
    _bad("an engine's version", f"spec.engine: {ENGINE}", ENGINE, engine="0.32.15"),
    _bad("an image without a name", "image.reference: is missing; add it", "image.reference: Required", **_image()),
    _bad("an empty image's name", f"image.reference: {IMAGE}", IMAGE, **_image(reference="")),
    _bad("an image's name with a space", f"image.reference: {IMAGE}", IMAGE, **_image(reference="a b")),
    _bad("an image's name with a scheme", f"image.reference: {IMAGE}", IMAGE, **_image(reference="https://a/b")),
    _bad("a repository in capitals", f"image.reference: {IMAGE}", IMAGE, **_image(reference="a.example/B:1")),
    _bad("half an image's digest", f"image.reference: {IMAGE}", IMAGE, **_image(reference="a@sha256:abc")),
    _bad("a long image's name", "at most 512", "may not be more than 512 bytes", **_image(reference="a" * 513)),
    _bad(
        "a pull policy that is none",
        "pullPolicy: should be 'Always', 'IfNotPresent' or 'Never'",
        'supported values: "Always", "IfNotPresent", "Never"',
        **_image(reference="a", pullPolicy="Sometimes"),
    ),
    _bad(
        "a pull with a field", "pull.registry: unknown field", "pull.registry", modelStore={"pull": {"registry": "a"}}
    ),
    *(
        _bad(
            f"{name} among {part}",
            f"{part}: {name}: {OTHER_RESOURCE}",
            OTHER_RESOURCE,
            **_resources(**{part: {name: 1}}),
        )
        for part in ("requests", "limits")
        for name in ("nvidia.com/gpu", "amd.com/gpu", "aws.amazon.com/neuron", "hugepages-2Mi", "gpu", "storage")
    ),
    _bad(
        "an accelerator among the other resources",
        f"nvidia.com/gpu: {OTHER_RESOURCE}",
        OTHER_RESOURCE,
        **_resources(limits={"cpu": 1, "memory": "1Gi", "ephemeral-storage": "1Gi", "nvidia.com/gpu": 1}),
    ),
    *(
        _bad(f"{value!r} of {name}", f"{words}; {name} is {value}", words, **_resources(requests={name: value}))
        for name, words, values in (
            ("cpu", BAD_CPU, (0, "9m", "0.009", 1001, "1.001k", "8Gi")),
            ("memory", BAD_REQUEST, (8, "100m", "8k", "63Mi", "65535Ki", "65Ti")),
            ("ephemeral-storage", BAD_REQUEST, (20, "20M", "64.001Ti")),
        )
        for value in values
    ),
    *(
        _bad(
            f"a limit of {value!r} of {name}",
            f"{BAD_BYTES}; {name} is {value}",
            BAD_BYTES,
            **_resources(limits={name: value}),
        )
        for name in ("memory", "ephemeral-storage")
        for value in (0, "0", "63Mi", "65Ti")
    ),
    *(
        _bad(f"{value!r} of memory", QUANTITY, server, **_memory(value))
        for value, server in (
            ("", QUANTITY),
            ("8 Gi", QUANTITY),
            ("8GB", QUANTITY),
            ("8gi", QUANTITY),
            ("-8Gi", QUANTITY),
            ("1e9", QUANTITY),
            (".5Gi", QUANTITY),
            ("0.5555Gi", QUANTITY),
            ("0.5m", QUANTITY),
            (1.5, "must be of type integer,string"),
            (True, "must be of type integer,string"),
            ([], "must be of type integer,string"),
            ("9" * 25, "may not be more than 24 bytes"),
        )
    ),
    _bad(
        "more requested than allowed",
        "spec.lanes[0].resources: requests.memory (1025Mi) should be at most limits.memory (1Gi)",
        "requests.memory should be at most limits.memory",
        **_resources(requests={"cpu": 1, "memory": "1025Mi"}, limits={"memory": "1Gi"}),
    ),
    _bad(
        "more processors requested than allowed",
        "spec.lanes[0].resources: requests.cpu (1.5) should be at most limits.cpu (1499m)",
        "requests.cpu should be at most limits.cpu",
        **_resources(requests={"cpu": "1.5"}, limits={"cpu": "1499m"}),
    ),
    _bad(
        "nine requests",
        "resources.requests: should have at most 8 items",
        "must have at most 8 items",
        **_resources(requests={f"cpu{number}": 1 for number in range(9)}),
    ),
    _bad(
        "claims of devices",
        "spec.lanes[0].resources.claims: unknown field",
        'resources.claims"',
        **_resources(claims=[]),
    ),
    _bad("no account at all", ONE_ACCOUNT, ONE_ACCOUNT, serviceAccount={}),
    _bad("an account of both kinds", ONE_ACCOUNT, ONE_ACCOUNT, serviceAccount={"name": "a", "annotations": {"a": "b"}}),
    _bad(
        "a named account with annotations of a preflight",
        NAMED_FOR_BOTH,
        NAMED_FOR_BOTH,
        serviceAccount={"name": "a", "preflightAnnotations": {"a": "b"}},
    ),
    _bad(
        "an account of a preflight alone", ONE_ACCOUNT, ONE_ACCOUNT, serviceAccount={"preflightAnnotations": {"a": "b"}}
    ),
    _bad("an account without annotations", "at least 1 item", "at least 1", serviceAccount={"annotations": {}}),
    _bad("an account in capitals", f"serviceAccount.name: {OBJECT}", OBJECT, serviceAccount={"name": "Claims"}),
    _bad(
        "17 annotations",
        "at most 16 items",
        "must have at most 16 items",
        serviceAccount={"annotations": {f"a{number}": "" for number in range(17)}},
    ),
    _bad(
        "a long annotation",
        "at most 2048",
        "may not be more than 2048 bytes",
        serviceAccount={"annotations": {"a": "b" * 2049}},
    ),
    Bad(
        "a long name",
        pool_with() | {"metadata": {"name": "p" * 41}},
        "metadata.name: should have at most 40 characters",
        "the pool's name should have at most 40 characters",
    ),
    Bad(
        "a name with a dot",
        pool_with() | {"metadata": {"name": "a.b"}},
        f"metadata.name: {SMALL}",
        "the pool's name should have no dots",
    ),
    Bad(
        "no spec", {key: each for key, each in pool_with().items() if key != "spec"}, "spec: is missing; add it", "spec"
    ),
    # A field that nobody knows is refused under strict validation, which is kubectl's default.
    _bad("an unknown field", "spec.warmup: unknown field", 'unknown field "spec.warmup"', warmup="5m"),
    _bad(
        "a part of a pod that is Laneway's",
        "spec.pods.hostNetwork: unknown field",
        'unknown field "spec.pods.hostNetwork"',
        pods={"hostNetwork": True},
    ),
    _bad("pods as they were", "spec.podTemplate: unknown field; write it as spec.pods", UNKNOWN, podTemplate={}),
    _bad(
        "a lane's pods as they would have been",
        "spec.lanes[0].podTemplate: unknown field; write it as spec.lanes[0].pods",
        UNKNOWN,
        lane={"podTemplate": {}},
    ),
    _bad(
        "a pull secret of a lane",
        "spec.lanes[0].pods.imagePullSecrets: unknown field; it belongs in spec.pods",
        UNKNOWN,
        lane={"pods": {"imagePullSecrets": ["a"]}},
    ),
    _bad(
        "a lane's pods of the cluster's own",
        SYSTEM_CLASS,
        SYSTEM_CLASS,
        lane={"pods": {"priorityClassName": "system-a"}},
    ),
    _bad(
        "a key of Laneway's among a lane's labels",
        f"lanes[0].pods.labels: laneway.dev/lane: {IS_LANEWAYS}",
        IS_LANEWAYS,
        lane={"pods": {"labels": {"laneway.dev/lane": "b"}}},
    ),
    _bad(
        "a lane's variable that serving depends on",
        f"lanes[0].pods.env[0]: OLLAMA_HOST: {SERVING}",
        SERVING,
        lane={"pods": {"env": [{"name": "OLLAMA_HOST", "value": "a"}]}},
    ),
    _bad(
        "a misspelt field",
        "spec.lanes[0].paralel: unknown field",
        'unknown field "spec.lanes[0].paralel"',
        lane={"paralel": 2},
    ),
)


class Good(NamedTuple):
    """A pool that is accepted."""

    name: str
    document: dict[str, Any]


def _good(name: str, **fields: Any) -> Good:
    return Good(name, pool_with(**fields))


GOOD = (
    _good("the smallest"),
    Good("forty characters", pool_with() | {"metadata": {"name": "p" * 40}}),
    _good("sixteen lanes", lanes=[{"name": f"lane-{number}"} for number in range(16)]),
    _good("a lane's longest name", lanes=[{"name": "l" * 20}]),
    _good("a registry's model", model={"name": "registry.example/nlp/gemma3:4b-it-q4_K_M", "digest": DIGEST}),
    *(
        _good(f"a model's name: {name}", model={"name": name})
        for name in (
            *("registry.example:5000/nlp/gemma3:4b", "localhost:5000/nlp/gemma3", "127.0.0.1:5000/a/b", "a" * 80),
            *("hf.co/acme/Gemma-3-4b-it.v1-GGUF:Q4_K_M", "My_Org/Llama3.2:1b", "_a/_b:_c", "a:4b-it_q8.0"),
        )
    ),
    _good("the largest context", model={"name": "a", "contextLength": 1_048_576}),
    _good("a prefix of several parts", results={"s3": BUCKET | {"prefix": "a/b-1/c_2/x=1/"}}),
    _good(
        "destinations, a topic and a region",
        destinations=[{"name": "legal", "s3": BUCKET | {"prefix": "llm/"}}, OUT | {"name": "archive"}],
        notifications={"sns": {"topicARN": TOPIC}},
        aws={"region": "us-gov-west-1"},
    ),
    _good(
        "a queue of one's own in the pool's region",
        aws={"region": "eu-west-1"},
        lane={"queue": {"external": QUEUE_IN_IRELAND}},
    ),
    _good(
        "a queue behind an endpoint of one's own",
        aws={"region": "eu-west-1"},
        lane={
            "queue": {
                "external": {"url": "https://sqs.acme.example/a", "deadLetterURL": "https://sqs.acme.example/a-dead"}
            }
        },
    ),
    _good(
        "a destination beside the results",
        results={"s3": BUCKET | {"prefix": "llm/documents/"}},
        destinations=[{"name": "out", "s3": BUCKET | {"prefix": "llm/documents-out/"}}],
    ),
    _good(
        "own queues",
        lanes=[
            {"name": "a", "queue": {"external": QUEUE}},
            {"name": "b", "queue": {"external": OTHER_QUEUE}},
            {"name": "c"},
        ],
    ),
    _good("queues that go with their pool", lane={"queue": {"managed": {"deletionPolicy": "Delete"}}}),
    _good("the longest URL", lane={"queue": {"external": QUEUE | {"url": LONG_URL}}}),
    _good("a managed queue, said", lane={"queue": {"managed": {}}}),
    _good("the longest times", lane={"limits": {"timeout": "11h30m", "expiresAfter": "312h"}, "drainTimeout": "30m"}),
    _good("the shortest times", lane={"limits": {"timeout": "1s", "expiresAfter": "60s"}, "drainTimeout": "1s"}),
    _good("times of several units", **_limits(timeout="1h30m10s", expiresAfter="9000s")),
    _good("an expiry equal to the timeout", **_limits(timeout="10m", expiresAfter="600s")),
    _good("only an expiry", **_limits(expiresAfter="5m")),
    _good("a long answer", **_limits(maxTokens=8191)),
    _good(
        "an answer that only the lane's own context holds",
        lane={"model": {"name": "a", "contextLength": 16_384}, "limits": {"maxTokens": 9000}},
    ),
    _good("a floor at the ceiling", **_scaling(minReplicas=3, maxReplicas=3)),
    _good("only a ceiling", **_scaling(maxReplicas=1000)),
    _good("a floor at the default ceiling", **_scaling(minReplicas=1)),
    _good("as many jobs as can be", **_scaling(jobsPerReplica=10_000)),
    _good("the shortest cooldown", **_scaling(cooldown="60s")),
    _good("all leave at once", **_scaling(scaleIn={"percent": 100, "period": "15s"})),
    _good("hardly anybody leaves", **_scaling(scaleIn={"percent": 1, "period": "30m"})),
    _good("the most often polled", **_scaling(pollingInterval="5s")),
    _good("the least often polled", **_scaling(pollingInterval="1m")),
    _good("the longest cooldown", **_scaling(cooldown="6h")),
    _good("64 requests at once", lane={"parallel": 64}),
    _good("a profile", lane={"placement": {"profiles": ["g5-on-demand"]}}),
    _good("an account of its own", serviceAccount={"name": "claims.team-a"}),
    _good("an image of a registry by its address", **_image(reference="[2001:db8::1]:5000/models/gemma3:4b")),
    _good("an image of a longer digest", **_image(reference=f"registry.example/a@sha512:{'a' * 128}")),
    _good("models that are pulled, said", modelStore={"pull": {}}),
    _good(
        "models in an image",
        **_image(reference="registry.example:5000/models/gemma3_4b/it--q4:4b-it", pullPolicy="Never"),
    ),
    _good("models in an image by its digest", **_image(reference=f"gemma3@{DIGEST}")),
    _good("models in an image by tag and digest", **_image(reference=f"a.example/b.c/d:1@{DIGEST}")),
    _good("no pods said", pods={}, lane={"pods": {}}),
    _good("models of a claim", modelStore=_claim(name="team-a.models-1")),
    _good("an engine", engine="ollama-0-32"),
    _good(
        "sixteen lanes that say all of their pods",
        lanes=[
            {
                "name": f"l{number}",
                "pods": {
                    "labels": {f"a{key}": "b" * 63 for key in range(16)},
                    "annotations": {f"a{key}": "b" * 200 for key in range(16)},
                    "env": [{"name": "OLLAMA_FLASH_ATTENTION", "value": "1"}],
                    "priorityClassName": "high",
                    "runtimeClassName": "nvidia",
                },
            }
            for number in range(16)
        ],
    ),
    _good(
        "fields of pods",
        pods={"imagePullSecrets": ["a", "b"], "priorityClassName": "high", "runtimeClassName": "nvidia"},
    ),
    _good(
        "labels and annotations of others",
        pods={
            "labels": {
                "app.kubernetes.io/part-of": "claims",
                "cost-center": "",
                "job-names": "a",
                "kueue.x-k8s.io/q": "b",
            },
            "annotations": {
                "karpenter.sh/do-not-disrupt": "true",
                "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
                "sidecar.istio.io/inject": "false",
                "io.kubernetes.crisp": "a",
                "note": "any text, {also} such",
            },
        },
    ),
    _good(
        "as many labels and annotations as can be",
        pods={
            "labels": {f"a{number}": "b" * 63 for number in range(16)},
            "annotations": {f"a{number}": "b" * 2048 for number in range(16)},
        },
    ),
    _good(
        "every variable that there is",
        pods={
            "env": [
                {"name": "OLLAMA_FLASH_ATTENTION", "value": "1"},
                {"name": "OLLAMA_KV_CACHE_TYPE", "value": "q8_0"},
                {"name": "OLLAMA_GPU_OVERHEAD", "value": "536870912"},
                {"name": "OLLAMA_LLM_LIBRARY", "value": "cuda_v12"},
                {"name": "OLLAMA_SCHED_SPREAD", "value": "1"},
                {"name": "OLLAMA_VULKAN", "value": "1"},
                {"name": "HSA_OVERRIDE_GFX_VERSION", "value": "10.3.0"},
                {"name": "HTTPS_PROXY", "value": "https://proxy.example:3128"},
                {"name": "NO_PROXY", "value": "registry.internal, .example"},
            ]
        },
    ),
    _good("a proxy of another kind", **_env("HTTPS_PROXY", "socks5h://proxy.example:1080")),
    _good("a long variable that fits", **_env("NO_PROXY", "a" * 1024)),
    _good("the plainest cache", **_env("OLLAMA_KV_CACHE_TYPE", "f16")),
    _good("no resources", **_resources()),
    _good("resources of nothing", **_resources(requests={}, limits={})),
    _good("a number of processors", **_resources(requests={"cpu": 4})),
    _good(
        "requests of nothing", **_resources(requests={"memory": 0, "ephemeral-storage": "0"}, limits={"memory": "1Gi"})
    ),
    _good("a request at its limit", **_resources(requests={"memory": "1024Mi"}, limits={"memory": "1Gi"})),
    _good("only limits", **_resources(limits={"cpu": "3.5", "memory": "12Gi"})),
    _good("a request and the limit of another", **_resources(requests={"cpu": 8}, limits={"memory": "64Mi"})),
    _good(
        "the least and the most",
        **_resources(
            requests={"cpu": "10m", "memory": "64Mi", "ephemeral-storage": "67108864"},
            limits={"cpu": "1k", "memory": "64Ti", "ephemeral-storage": "64Ti"},
        ),
    ),
    _good(
        "resources of sixteen lanes",
        lanes=[
            {
                "name": f"l{number}",
                "resources": {
                    part: {"cpu": "0.5", "memory": "1.1Gi", "ephemeral-storage": "1024Mi"}
                    for part in ("requests", "limits")
                },
            }
            for number in range(16)
        ],
    ),
    _good("a role of the preflight's", serviceAccount={"annotations": {"a": "b"}, "preflightAnnotations": {"a": "c"}}),
    _good("a role", serviceAccount={"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/a", "b": ""}}),
    _good("four profiles", lane={"placement": {"profiles": ["a", "b", "c", "d"]}}),
)


def _without_none(document: dict[str, Any]) -> dict[str, Any]:
    if "spec" not in document:
        return document
    return document | {"spec": {key: each for key, each in document["spec"].items() if each is not None}}


BAD = tuple(each._replace(document=_without_none(each.document)) for each in _BAD)
