// Package desk is where people work: the service behind the pages and the HTTP
// API (OpenAPI at /api/openapi.json), logins, and live updates.
//
// Three layers, from the inside: Service knows what a person may do and turns
// it into commands for the router and values of desk/view; api_*.go and
// page_*.go put it on the wire, as JSON and as pages of desk/web; server.go
// says who is there and guards the door. Nothing here holds state that must not
// be lost: facts are the router's, words are content, and both come in by the
// interfaces of ports.go, which cmd wires.
package desk
