# The service. Its database and its Asterisk are containers of their own: see docker-compose.yml.
FROM python:3.13-slim-bookworm
RUN apt-get update && apt-get install -y --no-install-recommends espeak-ng && rm -rf /var/lib/apt/lists/*
# A number of its own: what is in the volume stays its own, whichever users the next base image has.
RUN groupadd --system --gid 999 offhook \
 && useradd --system --uid 999 --gid offhook --no-create-home --home-dir /var/lib/offhook --shell /usr/sbin/nologin offhook \
 && install -d -o offhook -g offhook -m 0700 /var/lib/offhook
ENV PATH=/opt/offhook/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/offhook
COPY requirements-serve.lock ./
# The base image's pip fills the virtual environment, which needs none of its own.
RUN python -m venv --without-pip /opt/offhook \
 && /usr/local/bin/pip --python /opt/offhook install --no-cache-dir --require-hashes -r requirements-serve.lock
# As a checkout, because migrations and Asterisk's templates lie beside the package.
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY migrations migrations
COPY asterisk asterisk
RUN /usr/local/bin/pip --python /opt/offhook install --no-cache-dir --no-deps --no-build-isolation --editable . \
 && python -m compileall -q app migrations
USER offhook
EXPOSE 8000
VOLUME /var/lib/offhook
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import urllib.request as request; request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["offhook", "serve"]
