# The build stage writes below its working directory only, by relative paths, so
# that a test can run its commands one by one without a container engine.
FROM golang:1.26-bookworm AS build
ARG VERSION=unknown
ENV CGO_ENABLED=0
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o ../out/stagecoach ./cmd/stagecoach
RUN mkdir -p ../out/data && chmod 0700 ../out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/stagecoach /usr/local/bin/stagecoach
COPY --from=build --chown=65532:65532 /out/data /var/lib/stagecoach
COPY configs/container.yaml /etc/stagecoach/stagecoach.yaml
USER 65532:65532
VOLUME /var/lib/stagecoach
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/stagecoach"]
CMD ["serve", "--config", "/etc/stagecoach/stagecoach.yaml", "--data", "/var/lib/stagecoach"]
