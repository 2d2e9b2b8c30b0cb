FROM python:3.11-slim

# HOME: Slack's library wants one, also for a user that has no entry in /etc/passwd.
ENV PYTHONUNBUFFERED=1 \
    HOME=/app \
    MPLCONFIGDIR=/tmp/matplotlib \
    DATABASE_URL=sqlite:////data/qualbridge.db \
    HOST=0.0.0.0 \
    PORT=3000

WORKDIR /app
COPY requirements.lock ./
RUN python -m pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes -r requirements.lock

COPY LICENSE ./
COPY bot bot
COPY handlers handlers
COPY quality quality
COPY storage storage
COPY sandbox sandbox
RUN python -m compileall -q bot handlers quality storage sandbox \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin qualbridge \
    && install -d -o qualbridge -g qualbridge /data

USER qualbridge
VOLUME /data
EXPOSE 3000

# Without a proxy, whatever the environment says: the address is the container's own.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["python", "-c", \
    "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=3)"]

ENTRYPOINT ["python", "-m", "bot"]
CMD ["serve"]
