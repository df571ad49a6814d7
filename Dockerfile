# The whole of Apron in one image: `docker build --tag metadata-demo .`, then `docker run --publish 3100:3100 metadata-demo`.
# With traces and Sentry: `docker build --build-arg REQUIREMENTS=requirements-otel.txt .`
FROM python:3.13-slim AS build
ARG REQUIREMENTS=requirements-sso.txt
WORKDIR /build
COPY ${REQUIREMENTS} requirements.txt
RUN python -m venv --without-pip /opt/venv \
    && python -m pip --python /opt/venv/bin/python install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.13-slim
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PORT=3100
WORKDIR /app
RUN python -m pip uninstall --yes --quiet --root-user-action=ignore pip \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin apron \
    && install --directory --owner=apron var
COPY --from=build /opt/venv /opt/venv
COPY . .
# No secret is made into the image: these two are of no use to anyone.
RUN SECRET_KEY=unused API_TOKEN=unused python manage.py collectstatic --no-input --verbosity 0
USER 10001
# The SQLite database and the secrets that were made, unless DATABASE_URL, SECRET_KEY and API_TOKEN say otherwise.
VOLUME /app/var
EXPOSE 3100
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/api/readyz', timeout=8)"]
ENTRYPOINT ["./docker-entrypoint.sh"]
CMD ["all"]
