# The fakes as one image: every pod runs it (`python -m fakes DEPLOYMENT`), and on Docker every Service's proxy.
#   docker build -t gameday-fakes:dev --build-arg BASE=python:3.13-slim-trixie .
# BASE is any Debian with Python 3.11 or later; psql and curl are installed where it has none. The classic builder is enough.
ARG BASE=python:3.13-slim-trixie

FROM ${BASE} AS build
COPY fakes/requirements.txt /build/
# Nothing of the harness and the load is in it; pip is of no use to a pod either.
RUN python3 -m venv /opt/fakes \
 && /opt/fakes/bin/python -m pip install -q --no-cache-dir --disable-pip-version-check -r /build/requirements.txt \
 && /opt/fakes/bin/python -m pip uninstall -q --yes pip
COPY fakes /opt/fakes/code/fakes
RUN /opt/fakes/bin/python -m compileall -q /opt/fakes/code

FROM ${BASE}
# The runbook execs curl and psql in pods.
RUN command -v psql && command -v curl \
 || { apt-get update -qq && apt-get install -qq -y --no-install-recommends curl postgresql-client \
      && rm -rf /var/lib/apt/lists/*; }
COPY --from=build /opt/fakes /opt/fakes
# Numbers, not names: Kubernetes' runAsNonRoot can check them.
RUN mkdir /app && chown 10001:10001 /app
USER 10001:10001
WORKDIR /app
ENV PATH=/opt/fakes/bin:$PATH PYTHONPATH=/opt/fakes/code PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HOME=/app APP_DIR=/app POD_IP=0.0.0.0 PORT=8080
EXPOSE 8080
ENTRYPOINT ["python", "-m", "fakes"]
