package main

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"stagecoach/desk/view"
)

// customersExportCmd is `stagecoach customers export`.
type customersExportCmd struct {
	dataFlags
	Customer string `arg:"" name:"id" help:"The customer's id or its beginning, the company's own id, or an address of theirs; it stands for the whole person."`
	To       string `required:"" type:"path" help:"A new or empty folder for the files." placeholder:"DIR"`
	JSON     bool   `name:"json" help:"Print JSON: whom it is of, and which files were written."`
}

// Help adds examples.
func (*customersExportCmd) Help() string {
	return `Examples:
  stagecoach customers export ada@example.org --to /tmp/ada
  stagecoach customers export 4711 --to ./4711

It writes index.html (begin there), profile.json, conversations.json, messages.mbox (for any mail program; mails as
they came and went), attachments/ and contacts.csv. Other people's messages in the same conversations are left out, and
so are the names of colleagues, but as the customer saw them. Notes about the person are theirs too and are in it.`
}

// exportedOut is what --json prints.
type exportedOut struct {
	Customers []string `json:"customers"`
	To        string   `json:"to"`
	Files     []string `json:"files"`
}

// Run writes the files.
func (c *customersExportCmd) Run(ctx context.Context, streams std) error {
	if err := emptyFolder(c.To); err != nil {
		return err
	}
	return c.with(ctx, streams, toRead, func(line *client) error {
		path := "/api/customers/" + url.PathEscape(c.Customer)
		var data view.CustomerData
		if _, err := line.get(ctx, path+"/data", &data); err != nil {
			return err
		}
		out := exportedOut{Customers: data.Customers, To: c.To, Files: []string{}}
		packed, err := line.download(ctx, path+"/export")
		if err != nil {
			return err
		}
		defer func() { _ = os.Remove(packed) }()
		if out.Files, err = unpack(packed, c.To); err != nil {
			return err
		}
		if c.JSON {
			return printJSON(streams.out, out)
		}
		fmt.Fprintf(streams.out, "%s %d files in %s: begin with index.html.\n", paint(streams.out, green, "Exported."), len(out.Files), c.To)
		return nil
	})
}

// download writes an answer to a file of its own, however large it is.
func (c *client) download(ctx context.Context, path string) (file string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, http.NoBody)
	if err != nil {
		return "", fmt.Errorf("making a request: %w", err)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := (&http.Client{Transport: c.http.Transport}).Do(req)
	if err != nil {
		return "", c.unreachable(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		words, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
		return "", errors.Join(c.refused(resp, words), err)
	}
	f, err := os.CreateTemp("", "stagecoach-export-*")
	if err != nil {
		return "", fmt.Errorf("making a file for the answer: %w", err)
	}
	_, err = io.Copy(f, resp.Body)
	if err := errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(c.unreachable(err), os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// mostUnpacked bounds one file of an export.
const mostUnpacked = 4 << 30

// unpack writes the files of an archive into a folder, and nothing beside it.
func unpack(packed, dir string) ([]string, error) {
	z, err := zip.OpenReader(packed)
	if err != nil {
		return nil, fmt.Errorf("reading what was exported: %w", err)
	}
	defer func() { _ = z.Close() }()
	files := []string{}
	for _, f := range z.File {
		if !filepath.IsLocal(f.Name) {
			return nil, fmt.Errorf("the export holds a file %q that is outside of it", f.Name)
		}
		if err := unpackOne(f, filepath.Join(dir, f.Name), mostUnpacked); err != nil { //nolint:gosec // it is local, see above
			return nil, err
		}
		files = append(files, f.Name)
	}
	return files, nil
}

func unpackOne(f *zip.File, path string, most int64) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	in, err := f.Open()
	if err != nil {
		return fmt.Errorf("reading what was exported: %w", err)
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600) //nolint:gosec // within the operator's folder
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	n, err := io.Copy(out, io.LimitReader(in, most+1))
	if n > most {
		err = fmt.Errorf("it is larger than %d MiB: download the archive at the desk instead", most>>20)
	}
	if err := errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
