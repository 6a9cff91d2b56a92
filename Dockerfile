# Needs BuildKit (the default of Docker since version 23) or Buildah.

FROM rust:1.95-bookworm AS build
WORKDIR /build
COPY Cargo.toml Cargo.lock build.rs ./
COPY src src
COPY migrations migrations
COPY docs docs
# The program contains its bundles and recipes.
COPY data data
# The caches make the next build faster and are not part of any image. Without
# the touch, cargo could reuse an older build from the cache.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target,sharing=locked \
    touch src/lib.rs src/main.rs \
    && cargo build --release --locked \
    && install -D -m 0755 target/release/reperes /out/bin/reperes

# The image for backups: pg_dump and pg_restore of the database's version, and reperes. Raise its version with the image of the
# database.
FROM postgres:17.11-bookworm AS tools
COPY --from=build /out/bin/reperes /usr/local/bin/reperes
WORKDIR /srv/reperes
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/reperes"]
CMD ["verify"]

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="reperes" \
      org.opencontainers.image.description="Open-data API of the strategy against poverty in Hauts-de-France" \
      org.opencontainers.image.licenses="EUPL-1.2 AND etalab-2.0"
# The EUPL requires its text in every copy.
COPY --chmod=0644 LICENSE LICENSE-DATA.md /usr/share/doc/reperes/
COPY --from=build /out/bin/reperes /usr/local/bin/reperes
# The service writes only the files of releases and publications. A volume that is mounted here inherits the owner.
RUN install -d -m 0700 -o 10001 -g 10001 /var/lib/reperes/files /var/lib/reperes/uploads /var/lib/reperes/temporary
WORKDIR /srv/reperes
# The user is a number, so that an orchestrator can check that it is not root. It owns the folders of files and needs no account.
USER 10001:10001
# DATABASE_URL must be given as well: the image has no Postgres.
# Two arenas of the C library's allocator: freed memory of one thread serves others, so that the memory of the process stays
# near what it uses.
ENV MALLOC_ARENA_MAX=2 \
    REPERES_ADDRESS=0.0.0.0:8080 \
    REPERES_FILES_DIR=/var/lib/reperes/files \
    REPERES_UPLOADS_DIR=/var/lib/reperes/uploads
EXPOSE 8080
STOPSIGNAL SIGTERM
# The image has no curl, so bash opens the connection to the port of REPERES_ADDRESS.
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --retries=3 \
    CMD ["bash", "-c", "exec 3<>\"/dev/tcp/127.0.0.1/${REPERES_ADDRESS##*:}\" && printf 'GET /health/ready HTTP/1.0\\r\\n\\r\\n' >&3 && IFS= read -r -t 5 status <&3 && [[ $status == HTTP/1.?' 200 '* ]]"]
ENTRYPOINT ["/usr/local/bin/reperes"]
CMD ["serve"]
