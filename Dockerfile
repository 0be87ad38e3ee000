# Image of the fake services: it runs every pod (`python -m fakes DEPLOYMENT`) and, on docker, every Service's proxy.
#   docker build -t gameday-fakes:dev --build-arg BASE=python:3.13-slim-trixie .
# BASE is any Debian with Python 3.11 or newer; psql and curl are installed if it lacks them. Works without BuildKit.
ARG BASE=python:3.13-slim-trixie

FROM ${BASE} AS build
COPY fakes/requirements.txt /build/
# The image contains neither the harness nor the load generator, and no pip.
RUN python3 -m venv /opt/fakes \
 && /opt/fakes/bin/python -m pip install -q --no-cache-dir --disable-pip-version-check -r /build/requirements.txt \
 && /opt/fakes/bin/python -m pip uninstall -q --yes pip
COPY fakes /opt/fakes/code/fakes
RUN /opt/fakes/bin/python -m compileall -q /opt/fakes/code

FROM ${BASE}
# Runbooks execute curl and psql in pods.
RUN command -v psql && command -v curl \
 || { apt-get update -qq && apt-get install -qq -y --no-install-recommends curl postgresql-client \
      && rm -rf /var/lib/apt/lists/*; }
COPY --from=build /opt/fakes /opt/fakes
# Numeric ids, because Kubernetes' runAsNonRoot cannot check names.
RUN mkdir /app && chown 10001:10001 /app
USER 10001:10001
WORKDIR /app
ENV PATH=/opt/fakes/bin:$PATH PYTHONPATH=/opt/fakes/code PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HOME=/app APP_DIR=/app POD_IP=0.0.0.0 PORT=8080
EXPOSE 8080
ENTRYPOINT ["python", "-m", "fakes"]
