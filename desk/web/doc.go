// Package web is the browser's side of the desk: pages and parts of pages as
// templ components, one design system in plain CSS, and small scripts.
//
// It renders values of desk/view and knows nothing else: no handler, no store,
// no clock. A page takes a Page, which is what all of them share, and its own
// value. ROUTES.md lists every address that a page asks for.
//
// The Go code of the components is generated and committed; after a change of a
// .templ file run
//
//	go generate ./desk/web
//
// Nothing here needs inline scripts or styles: bars and rings are SVG whose
// attributes the scripts move.
package web

//go:generate go tool templ generate -path .
