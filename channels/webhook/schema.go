package webhook

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed schema/*.json
var schemas embed.FS

// Schemas are message.json, reply.json and ping.json: what is posted in either
// direction, as JSON Schema (2020-12).
func Schemas() fs.FS {
	sub, err := fs.Sub(schemas, "schema")
	if err != nil {
		return schemas
	}
	return sub
}

func serveSchema(w http.ResponseWriter, name string) {
	data, err := fs.ReadFile(Schemas(), name)
	if err != nil {
		refuse(w, problem{Title: "No such schema", Status: http.StatusNotFound, Detail: "There are message.json, reply.json and ping.json."})
		return
	}
	w.Header().Set("Content-Type", "application/schema+json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(data) //nolint:gosec // one of three files of ours, and the reader may have gone
}
