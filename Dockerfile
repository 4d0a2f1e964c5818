# syntax=docker/dockerfile:1

# Bundled, no node_modules, no shell, no root.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts
COPY tsconfig.json ./
COPY src ./src
# What is imported on demand becomes a file of its own: the kubeconfig's library is large, and a Pod does not need it.
RUN npx --yes esbuild@0.28.0 src/main.ts --bundle --splitting --platform=node --target=node24 --format=esm \
    --outdir=out --minify-whitespace --keep-names --legal-comments=linked \
    --banner:js="import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);" \
 && echo '{"type":"module"}' > out/package.json
# From a folder without node_modules: the bundle has to stand alone.
WORKDIR /
RUN node /build/out/main.js run --check

FROM gcr.io/distroless/nodejs24-debian13:nonroot
LABEL org.opencontainers.image.title="sluice" \
      org.opencontainers.image.description="A Keptn-compatible lifecycle gate for Kubernetes" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
COPY --from=build /build/out ./
COPY LICENSE ./
USER 65532:65532
ENV NODE_ENV=production
EXPOSE 9443
# Small over fast to grow: with 20,000 ReplicaSets and 10,000 KeptnTasks in the caches this is about half of the memory.
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=2", "--optimize-for-size", "/app/main.js"]
CMD ["run"]
