# The service. Its database and its Asterisk are containers of their own: see docker-compose.yml.
FROM python:3.13-slim-bookworm
RUN apt-get update && apt-get install -y --no-install-recommends espeak-ng && rm -rf /var/lib/apt/lists/*
RUN useradd --system --create-home --home-dir /var/lib/offhook offhook && python -m venv /opt/offhook
ENV PATH=/opt/offhook/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/offhook
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
# As a checkout, because migrations and Asterisk's templates lie beside the package.
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY migrations migrations
COPY asterisk asterisk
RUN pip install --no-cache-dir --no-deps --no-build-isolation --editable . && python -m compileall -q app
USER offhook
EXPOSE 8000
VOLUME /var/lib/offhook
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import urllib.request as request; request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["offhook", "serve"]
