package portal_test

import (
	"bytes"
	"database/sql"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"stagecoach/desk/portal"
)

// What goes wrong with the file of the codes is told as our trouble, to the customer and
// to staff, and opens nothing: neither as a code is asked for nor as one is tried.
func TestCodesThatCannotBeKept(t *testing.T) {
	t.Parallel()
	const ours = "Something went wrong here."
	for what, broken := range map[string]string{
		"counting": "ALTER TABLE tally RENAME COLUMN at TO lost",
		"keeping":  "CREATE TRIGGER full BEFORE INSERT ON code BEGIN SELECT RAISE(FAIL, 'disk full'); END",
		"using":    "CREATE TRIGGER used BEFORE DELETE ON code BEGIN SELECT RAISE(FAIL, 'disk full'); END",
		"trying":   "CREATE TRIGGER tried BEFORE INSERT ON tally BEGIN SELECT RAISE(FAIL, 'disk full'); END",
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			var told bytes.Buffer
			o, dir := sampleOffice("en"), t.TempDir()
			page, server := pageIn(t, o, dir, slog.New(slog.NewTextHandler(&told, nil)))
			a := newAttacker(t, page)
			a.send(http.MethodPost, "/code", nil)
			right := o.code
			db, err := sql.Open("sqlite", filepath.Join(dir, portal.CodesFile))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.ExecContext(t.Context(), broken); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			try := func(path string, form url.Values) {
				res, _ := a.send(http.MethodPost, path, form)
				if cookie := res.Header.Get("Set-Cookie"); cookie != "" {
					t.Errorf("%s lets in: %s", path, cookie)
				}
				at, _, _ := strings.Cut(strings.TrimPrefix(res.Header.Get("Location"), a.page[strings.Index(a.page, portal.Path):]), "#")
				if _, body := a.send(http.MethodGet, at, nil); !strings.Contains(body, ours) {
					t.Errorf("%s is answered by %s, which says nothing of our trouble", path, at)
				}
			}
			wrong := "111111"
			if right == wrong {
				wrong = "222222"
			}
			switch o.code = ""; what {
			case "using":
				try("/enter", url.Values{"code": {right}})
			case "trying":
				try("/enter", url.Values{"code": {wrong}})
				try("/code", nil)
			case "counting":
				try("/code", nil)
				try("/enter", url.Values{"code": {right}})
			default:
				try("/code", nil)
			}
			if o.code != "" {
				t.Error("a code was sent that is kept nowhere")
			}
			if server.Troubles() == 0 || !strings.Contains(told.String(), "level=ERROR") {
				t.Errorf("staff see %d troubles and read %q", server.Troubles(), told.String())
			}
		})
	}
}
