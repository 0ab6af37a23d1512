# The images of Laneway's parts, one a target: docker build --build-arg PART=worker --target worker .
# The projector, with its driver for PostgreSQL: docker build --build-arg PART=table --build-arg EXTRA=postgres --target projector .
# The dashboard, which reads tables too: docker build --build-arg PART=dashboard --build-arg BESIDE=table --build-arg EXTRA=postgres --target dashboard .
# PYTHON_IMAGE may be any image with Python 3.11+ and its venv module as python3; all stages use the same one. A tag is moved
# with each fix of the distribution: whoever publishes images names a digest, as PYTHON_IMAGE=…:3.13-slim-trixie@sha256:….
ARG PYTHON_IMAGE=docker.io/library/python:3.13-slim-trixie

# What the lock file names. Slow, and the same until the lock file or a pyproject.toml changes.
FROM ${PYTHON_IMAGE} AS dependencies
COPY requirements-uv.txt /
RUN python3 -m venv /opt/uv \
    && /opt/uv/bin/pip install --no-cache-dir --disable-pip-version-check --only-binary :all: --require-hashes -r /requirements-uv.txt
ENV PYC_INVALIDATION_MODE=UNCHECKED_HASH \
    UV_COMPILE_BYTECODE=1 \
    UV_NO_CACHE=1 \
    UV_PROJECT_ENVIRONMENT=/opt/laneway \
    UV_PYTHON=python3 \
    UV_PYTHON_DOWNLOADS=never
WORKDIR /src
COPY LICENSE pyproject.toml uv.lock ./
COPY sdk/pyproject.toml sdk/
COPY worker/pyproject.toml worker/
COPY operator/pyproject.toml operator/
COPY gateway/pyproject.toml gateway/
COPY table/pyproject.toml table/
COPY dashboard/pyproject.toml dashboard/
ARG PART
ARG EXTRA=
RUN /opt/uv/bin/uv sync --locked --no-dev --no-install-workspace --package "laneway-${PART}" ${EXTRA:+--extra ${EXTRA}} && rm /opt/laneway/.lock

# Laneway itself, apart from what the lock file names: a new version of it is a small layer.
FROM dependencies AS build
ARG PART
ARG BESIDE=sdk
ARG EXTRA=
COPY sdk sdk
COPY ${BESIDE} ${BESIDE}
COPY ${PART} ${PART}
RUN UV_COMPILE_BYTECODE=0 /opt/uv/bin/uv sync --locked --no-dev --no-editable --package "laneway-${PART}" ${EXTRA:+--extra ${EXTRA}} \
    && cp LICENSE /opt/laneway/ && cd /opt/laneway \
    && bin/python -m compileall -q --invalidation-mode unchecked-hash lib/python3*/site-packages/laneway* \
    && mkdir /own && cp --archive --parents LICENSE bin/laneway* lib/python3*/site-packages/laneway* /own

FROM ${PYTHON_IMAGE} AS part
COPY --from=dependencies /opt/laneway /opt/laneway
COPY --from=build /own /opt/laneway
ENV PATH=/opt/laneway/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 65532:65532
# Whoever publishes the image says these.
ARG VERSION=0.0.0
ARG SOURCE=
LABEL org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.version="${VERSION}"

FROM part AS operator
ENTRYPOINT ["laneway-operator"]
CMD ["run"]
LABEL org.opencontainers.image.title="laneway-operator" \
      org.opencontainers.image.description="Turns an LLMWorkerPool into lanes."

FROM part AS gateway
ENTRYPOINT ["laneway-gateway"]
LABEL org.opencontainers.image.title="laneway-gateway" \
      org.opencontainers.image.description="OpenAI's and Ollama's HTTP APIs in front of a pool's queue."

FROM part AS worker
ENTRYPOINT ["laneway-worker"]
LABEL org.opencontainers.image.title="laneway-worker" \
      org.opencontainers.image.description="Pulls jobs from SQS, generates with Ollama, commits results to S3."

FROM part AS projector
ENTRYPOINT ["laneway-table"]
LABEL org.opencontainers.image.title="laneway-projector" \
      org.opencontainers.image.description="Writes a row into a pool's table for each result."

FROM part AS dashboard
ENTRYPOINT ["laneway-dashboard"]
LABEL org.opencontainers.image.title="laneway-dashboard" \
      org.opencontainers.image.description="Shows pools, lanes and jobs in a browser."
