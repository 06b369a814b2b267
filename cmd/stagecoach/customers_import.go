package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"stagecoach/customers"
	"stagecoach/customers/directory"
	"stagecoach/customers/load"
)

// customersImportCmd is `stagecoach customers import`.
type customersImportCmd struct {
	dataFlags
	File     string `arg:"" help:"CSV or JSON; what a spreadsheet saves will do; - reads standard input."`
	DryRun   bool   `name:"dry-run" help:"Only say what would become of each row."`
	Again    bool   `help:"Load also who was erased: only where they are customers of yours again."`
	Country  string `help:"The country of telephone numbers that are written without one, as DE." placeholder:"CODE"`
	Rejected string `help:"Where rejected rows are written; FILE.rejected.csv (.json) if left out." placeholder:"FILE"`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// Help tells the columns.
func (*customersImportCmd) Help() string {
	return "The first row names the columns: external_id, name, emails, phones, handles, language, timezone, value, customer_since, " +
		"preferred_channel, tags, and attr.NAME for any field of your own. Lists are split by \";\", a handle is channel:address. " +
		"A row needs an external_id or an address. Empty cells change nothing; the same file twice changes nothing.\n\n" +
		"Rows that can't be read are told with their line and reason, and written to FILE.rejected.csv: mend them there and import that. " +
		"The exit code is 1 then.\n\n" +
		"Rows of people who were erased are left out, and told with their line: a list that is loaded every night would undo every erasure. " +
		"Whoever has written to you since is a customer again, and their row is loaded. --again loads the others.\n\n" +
		"Examples:\n  stagecoach customers import customers.csv --dry-run\n  stagecoach customers import customers.csv --country DE\n" +
		"  crm-export | stagecoach customers import - --rejected faults.csv\n" +
		"  stagecoach customers import customers.csv.rejected.csv\n\nAn example with all columns is examples/customers.csv."
}

// importReport is what came of a file.
type importReport struct {
	Rows      int          `json:"rows"`
	Loaded    int          `json:"loaded"`
	Unchanged int          `json:"unchanged"`
	Rejected  []load.Fault `json:"rejected"`
	// Shared are addresses of several customers, the first of them; SharedCount counts
	// them all.
	Shared      []sharedRow `json:"shared"`
	SharedCount int         `json:"shared_count"`
	// Erased are rows of people who were erased, the first of them; ErasedCount counts
	// them all. Those that were left out are in no other count but Rows.
	Erased      []erasedRow `json:"erased_before"`
	ErasedCount int         `json:"erased_before_count"`
	// File has the rejected rows, "" where there are none, or none is written.
	File string `json:"rejected_file"`
	// Before is where an older file of that name was put, since somebody may have mended it.
	Before string `json:"rejected_before"`
	Read   string `json:"read_as"`
	Dry    bool   `json:"dry_run"`
}

// sharedRow is a row with an address that is somebody else's, too.
type sharedRow struct {
	Line    int    `json:"line"`
	Address string `json:"address"`
	// AlsoLine is the line of the file that has it first, 0 for none; With are others
	// who have it.
	AlsoLine int      `json:"also_line"`
	With     []string `json:"with"`
}

// mostSharedRows bounds how many shared addresses are told one by one.
const mostSharedRows = 1000

// Run imports a list.
func (c *customersImportCmd) Run(ctx context.Context, io std) (err error) {
	c.Country = strings.ToUpper(c.Country)
	if c.Country != "" && !load.KnownCountry(c.Country) {
		return fmt.Errorf("--country %q is no country: write its two letters, as DE", c.Country)
	}
	file, err := load.Open(c.File, load.Options{Country: c.Country, Now: time.Now(), Stdin: io.in})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if len(file.Faults) > 0 {
		rep := &importReport{Rejected: file.Faults, Shared: []sharedRow{}, Erased: []erasedRow{}, Read: file.Format + ", " + string(file.Charset), Dry: c.DryRun}
		return c.report(io, rep, 0)
	}
	line, done, err := c.line(ctx, io)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	begun := time.Now()
	rep, err := (&importing{cmd: c, file: file, rows: importRows(line), bar: newProgress(io.err)}).run(ctx)
	if err != nil {
		return err
	}
	return c.report(io, rep, time.Since(begun))
}

// line gives the way to the data, and makes a directory that isn't there.
func (c *customersImportCmd) line(ctx context.Context, io std) (line *client, done func() error, err error) {
	if c.Server != "" {
		return nil, nil, errors.New("a list is imported where the data are: copy the file to that machine and run the command there")
	}
	cfg, err := loadConfig(c.Config, io.err)
	if err != nil {
		return nil, nil, err
	}
	dir := dataDir(c.Data, cfg)
	if made, err := emptyDir(dir); err != nil || !made {
		if err == nil {
			if line, err = c.open(ctx, io, toRead); err == nil {
				return line, line.close, nil
			}
		}
		return nil, nil, err
	}
	undo := func() error { return nil }
	if c.DryRun { // nothing stays of it
		if dir, err = os.MkdirTemp("", "stagecoach-import-*"); err != nil {
			return nil, nil, fmt.Errorf("making a folder: %w", err)
		}
		undo = func() error { return os.RemoveAll(dir) }
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("making the data directory: %w", err)
	}
	line, err = openStopped(ctx, cfg, dir, toRead)
	if err != nil {
		return nil, nil, errors.Join(err, undo())
	}
	return line, func() error { return errors.Join(line.close(), undo()) }, nil
}

// emptyDir reports whether a directory isn't there, or has nothing in it but what a
// making that was cut short has left.
func emptyDir(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("opening the data directory: %w", err)
	}
	for _, e := range entries {
		if !slices.Contains([]string{"lock", "nats"}, e.Name()) {
			return false, nil
		}
	}
	return true, nil
}

// rowTaker takes rows in.
type rowTaker func(ctx context.Context, batch rowBatch) (*directory.Imported, error)

// rowBatch is what the control socket is sent.
type rowBatch struct {
	Rows  []customers.Row `json:"rows"`
	Dry   bool            `json:"dry"`
	Again bool            `json:"again,omitempty"`
}

// importRows gives the way by which rows get to the directory: straight, where the data
// are opened by this process.
func importRows(line *client) rowTaker {
	if line.rows != nil {
		return line.rows
	}
	return func(ctx context.Context, batch rowBatch) (*directory.Imported, error) {
		var out directory.Imported
		_, err := line.call(ctx, http.MethodPost, "/control/customers/import", batch, &out)
		if err == nil && out.Failed != "" {
			err = errors.New(out.Failed)
		}
		return &out, err
	}
}

// importRoute answers what importRows asks.
func (c *customerControls) importRoute(w http.ResponseWriter, r *http.Request) {
	var batch rowBatch
	if err := json.NewDecoder(r.Body).Decode(&batch); err != nil {
		answerCustomer(w, nil, fmt.Errorf("reading rows: %w", err))
		return
	}
	// What has begun is ended: whoever asked may be gone.
	out, err := c.importRows(context.WithoutCancel(r.Context()), batch)
	if err != nil && out != nil { // what is stored is told, too
		out.Failed, err = err.Error(), nil
	}
	answerCustomer(w, out, err)
}

func (c *customerControls) importRows(ctx context.Context, batch rowBatch) (*directory.Imported, error) {
	d, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	list, err := c.sift(ctx, d, &batch)
	if err != nil {
		return nil, fmt.Errorf("importing customers: %w", err)
	}
	out, err := d.Import(ctx, list.rows, batch.Dry)
	return list.placed(out), err
}

// report says what came of it.
func (c *customersImportCmd) report(io std, rep *importReport, took time.Duration) error {
	var failed error
	if len(rep.Rejected) > 0 {
		failed = exitError{1}
	}
	if c.JSON {
		return errors.Join(printJSON(io.out, rep), failed)
	}
	printImport(io.out, c.File, rep, took)
	return failed
}

// mostTold is how many faults are told one by one.
const mostTold = 20

func printImport(w io.Writer, path string, rep *importReport, took time.Duration) {
	for n, f := range rep.Rejected {
		if n == mostTold {
			fmt.Fprintf(w, "… and %d more.\n", len(rep.Rejected)-n)
			break
		}
		column := ""
		if f.Column != "" {
			column = oneLine(f.Column) + ": "
		}
		fmt.Fprintf(w, "%s %s%s\n", paint(w, red, fmt.Sprintf("%s:%d:", path, f.Line)), column, oneLine(f.Reason))
	}
	if rep.Rows == 0 && len(rep.Rejected) > 0 {
		fmt.Fprintf(w, "The columns are %s, and attr.NAME for fields of your own.\n", strings.Join(load.Columns(), ", "))
		fmt.Fprintln(w, "Nothing was loaded.")
		return
	}
	verb := map[bool]string{false: "loaded", true: "would be loaded"}[rep.Dry]
	fmt.Fprintf(w, "%s of %s (%s): %s %s, %s unchanged, %s rejected", counted(rep.Rows, "row", "rows"), path, rep.Read,
		number(float64(rep.Loaded)), verb, number(float64(rep.Unchanged)), number(float64(len(rep.Rejected))))
	if took > time.Second {
		fmt.Fprintf(w, ", in %s", took.Round(time.Second/10))
	}
	fmt.Fprintln(w, ".")
	if rep.SharedCount > 0 {
		fmt.Fprintf(w, "%s also of other customers: shared, and linking nobody by itself.\n",
			counted(rep.SharedCount, "address is", "addresses are"))
		for n, s := range rep.Shared {
			if n == 5 {
				fmt.Fprintln(w, "  …")
				break
			}
			also := fmt.Sprintf("also in line %d", s.AlsoLine)
			if s.AlsoLine == 0 {
				also = "also of customer " + strings.Join(s.With, ", ")
			}
			fmt.Fprintf(w, "  line %d: %s, %s\n", s.Line, oneLine(s.Address), also)
		}
	}
	printErased(w, rep)
	if file := cmp.Or(rep.File, ""); file != "" {
		fmt.Fprintf(w, "The rejected rows are in %s, each with its reason: mend them there and import that file.\n", file)
	}
	if rep.Before != "" {
		fmt.Fprintf(w, "What was in it before, and may be mended already, is in %s.\n", rep.Before)
	}
}

// counted gives how many there are of something.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(float64(n)) + " " + many
}
