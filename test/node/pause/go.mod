// The process that holds a Pod's namespaces. See test/node/README.md.
module sluice.keptn.sh/test/node/pause

go 1.26.0
