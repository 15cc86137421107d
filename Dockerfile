# The whole product in one image; the command decides which process it is.
#   docker build -t youworker .
#   docker run -p 127.0.0.1:8000:8000 -v youworker:/data youworker
# With llama.cpp, for model files (80 MB more):
#   docker build --build-arg GGUF=1 -t youworker .
#   docker run … -v /srv/models:/models:ro -e LLM_GGUF=/models/any.gguf youworker
FROM python:3.11-slim-bookworm AS build
ARG GGUF=
# --build-arg SPEECH=1 adds what models of speech on this machine need.
ARG SPEECH=
COPY requirements*.txt /build/
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --require-hashes -r /build/requirements.txt \
      ${GGUF:+-r /build/requirements-gguf.txt} ${SPEECH:+-r /build/requirements-speech.txt}

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin youworker \
 && install -d -o youworker -g youworker -m 700 /data
COPY --from=build /opt/venv /opt/venv
COPY --chown=root:root . /app
# Nothing can write beside the code later, so every start would compile all of it.
RUN python -m compileall -q /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/data \
    HOST=0.0.0.0 \
    PORT=8000
WORKDIR /app
USER youworker
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(r.Request(f\"http://127.0.0.1:{os.environ['PORT']}/health/ready\", headers={'Host': 'localhost'}), timeout=4)"]
CMD ["python", "manage.py", "up"]
