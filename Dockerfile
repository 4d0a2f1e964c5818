# Sluice itself: a bundle without node_modules, Node and the libraries Node needs. No shell, no package manager, no root.
# The bases below are pinned by `npm run images -- --pin`; `npm run images:check` says what is not.
ARG NODE_IMAGE=node:24.21.0-trixie-slim

FROM ${NODE_IMAGE} AS bundle
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY images/bundle.ts images/
COPY src ./src
RUN node images/bundle.ts /app
# From a folder without node_modules: the bundle has to stand alone.
WORKDIR /
RUN node /app/main.js run --check

# Unpacked from Debian packages without installing them, as the trees of the images for functions are.
FROM ${NODE_IMAGE} AS tree
WORKDIR /build
COPY images/functions/contents.json images/functions/contents.ts images/functions/debian.ts images/functions/assemble.ts ./
RUN node assemble.ts operator /tree /cache

FROM scratch AS sluice
LABEL org.opencontainers.image.title="sluice" \
      org.opencontainers.image.description="A Keptn-compatible lifecycle gate for Kubernetes" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=tree /tree /
COPY --from=bundle /usr/local/bin/node /usr/bin/node
COPY --from=bundle /usr/local/LICENSE /usr/share/doc/node/copyright
COPY --from=bundle /app /app
COPY LICENSE /app/LICENSE
WORKDIR /app
USER 65532:65532
ENV PATH=/usr/bin \
    HOME=/tmp \
    NODE_ENV=production \
    MALLOC_ARENA_MAX=1 \
    MALLOC_TRIM_THRESHOLD_=131072
EXPOSE 9443
# Small over fast to grow: with 20,000 ReplicaSets and 10,000 KeptnTasks in the caches the first two are about half of the memory.
# Two compilers less (Sparkplug, Maglev) mean less code and fewer pages of Node; what runs often is optimized by TurboFan as before.
# undici's HTTP parser is one huge WebAssembly function: to optimize it takes 28 MB once, and saves nothing that can be measured.
# One malloc arena: threads of V8 and libuv each keep freed memory to themselves otherwise.
ENTRYPOINT ["/usr/bin/node", "--max-semi-space-size=2", "--optimize-for-size", "--liftoff-only", "--no-sparkplug", "--no-maglev", "/app/main.js"]
CMD ["run"]
