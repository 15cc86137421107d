# The whole product in one image; the first word of the command is what a container does:
#   up (everything), prepare, web, worker, beat, embed, speech, or a command of manage.py.
#   docker build -t youworker .
#   docker run -p 127.0.0.1:8000:8000 -v youworker:/data youworker
# With llama.cpp, for model files (80 MB more), and with what models of speech need:
#   docker build --build-arg GGUF=1 --build-arg SPEECH=1 -t youworker .
# With OpenTelemetry, for spans (OTEL_EXPORTER_OTLP_ENDPOINT):
#   docker build --build-arg OTEL=1 -t youworker .
#   docker run … -v /srv/models:/models:ro -e LLM_GGUF=/models/any.gguf youworker
# deploy/compose.yaml runs one container per process. A digest pins the base for good:
#   docker build --build-arg BASE=python@sha256:… .
ARG BASE=python:3.11.14-slim-bookworm

# hadolint ignore=DL3006
FROM ${BASE} AS build
ARG GGUF=
ARG SPEECH=
ARG OTEL=
COPY requirements.txt requirements-gguf.txt requirements-speech.txt requirements-otel.txt /build/
# Versions and digests are those of the lock files, and only wheels: nothing is compiled here. The
# environment has no pip, and none of what it would leave behind.
RUN python -m venv --without-pip /opt/venv \
 && pip --python /opt/venv/bin/python install --disable-pip-version-check --no-cache-dir \
      --only-binary :all: --require-hashes -r /build/requirements.txt \
      ${GGUF:+-r /build/requirements-gguf.txt} ${SPEECH:+-r /build/requirements-speech.txt} \
      ${OTEL:+-r /build/requirements-otel.txt}
COPY . /app
# Nothing can write beside the code later, so every start would compile all of it.
RUN /opt/venv/bin/python -m compileall -q /app

# hadolint ignore=DL3006
FROM ${BASE}
# tini is the first process: it passes signals on, and reaps what parsers and tool servers leave
# behind. llama.cpp wants libgomp.
RUN apt-get update \
 && apt-get install -y --no-install-recommends tini=0.19.0-1* libgomp1=12.2.0-14* \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 youworker \
 && useradd --uid 10001 --gid 10001 --create-home --shell /usr/sbin/nologin youworker \
 && install -d -o 10001 -g 10001 -m 700 /data /backups /run/youworker
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/data \
    HOST=0.0.0.0 \
    PORT=8000
WORKDIR /app
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
# Of `up` and `web`; the others have one of their own in deploy/, or none.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-m", "youworker.appliance", "ready"]
ENTRYPOINT ["tini", "--", "python", "-m", "youworker.appliance"]
CMD ["up"]
