# The service without Redis; docker-compose.yml runs it with one. docs/operate.md says how.
ARG PYTHON_IMAGE=python:3.13-slim-bookworm

FROM ${PYTHON_IMAGE} AS packages
COPY requirements/run.txt /opt/run.txt
# Wheels only, each checked against its hash: nothing is compiled, nothing else is fetched.
RUN python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv/bin/python install --no-cache-dir --disable-pip-version-check \
        --require-hashes --no-deps --only-binary :all: --no-compile --requirement /opt/run.txt
COPY stats_service /opt/service/stats_service
COPY scripts/stats-service /opt/venv/bin/stats-service
# Compiled here, because the file system is read-only where the service runs.
RUN /opt/venv/bin/python -m compileall -q /opt/venv/lib /opt/service && rm /opt/run.txt

FROM ${PYTHON_IMAGE}
RUN groupadd --gid 10001 stats \
    && useradd --uid 10001 --gid stats --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin stats \
    && install --directory --owner stats --group stats --mode 0700 /data
COPY --from=packages /opt /opt
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/opt/service \
    PYTHONDONTWRITEBYTECODE=1 \
    STATS_BIND=0.0.0.0:8080 \
    STATS_DATA_DIR=/data
WORKDIR /opt/service
USER 10001:10001
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
ENTRYPOINT ["stats-service"]
CMD ["serve"]
