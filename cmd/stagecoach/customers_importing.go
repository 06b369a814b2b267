package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"stagecoach/customers"
	"stagecoach/customers/load"
)

// importing is one import: a reader checks rows, workers hand them over in batches.
type importing struct {
	cmd  *customersImportCmd
	file *load.File
	rows rowTaker
	bar  *progress

	mu       sync.Mutex
	rep      *importReport
	rejected *load.Rejected
}

// How much is handed over at a time, and by how many: while the records of one batch are
// stored, those of another are indexed.
const (
	importBatch   = 20_000
	importWorkers = 2
)

// importedItems is a batch on its way.
type importedItems []load.Item

// run imports the file. What was loaded before an error stays: the file can be imported
// again.
func (i *importing) run(ctx context.Context) (*importReport, error) {
	i.rep = &importReport{
		Rejected: []load.Fault{}, Shared: []sharedRow{}, Erased: []erasedRow{}, Read: i.file.Format + ", " + string(i.file.Charset), Dry: i.cmd.DryRun,
	}
	i.rejected = load.NewRejected(i.file, rejectedBeside(i.cmd.File))
	if i.cmd.Rejected != "" {
		i.rejected.To(i.cmd.Rejected)
	}
	defer i.bar.end()
	batches := make(chan importedItems)
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(batches)
		return i.read(gctx, batches)
	})
	for range importWorkers {
		g.Go(func() error {
			for b := range batches {
				if err := i.take(gctx, b); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := errors.Join(g.Wait(), i.rejected.Close())
	if err != nil {
		return nil, fmt.Errorf("at least %d rows of %s were loaded, and stay so: import it again for the rest: %w", i.rep.Loaded, i.cmd.File, err)
	}
	slices.SortFunc(i.rep.Rejected, func(a, b load.Fault) int { return a.Line - b.Line })
	slices.SortStableFunc(i.rep.Shared, func(a, b sharedRow) int { return a.Line - b.Line })
	slices.SortFunc(i.rep.Erased, func(a, b erasedRow) int { return a.Line - b.Line })
	i.rep.Erased = i.rep.Erased[:min(len(i.rep.Erased), mostSharedRows)]
	i.rep.Shared = i.rep.Shared[:min(len(i.rep.Shared), mostSharedRows)]
	i.rep.File, i.rep.Before = i.rejected.Path(), i.rejected.Before()
	return i.rep, nil
}

// rejectedBeside is the file whose name that of the rejected rows begins with: of what
// comes from elsewhere, one in the folder where one is.
func rejectedBeside(file string) string {
	for _, of := range []string{"/dev/", "/proc/"} {
		if file == load.Stdin || strings.HasPrefix(file, of) {
			return "stdin"
		}
	}
	return file
}

// read checks the rows of the file.
func (i *importing) read(ctx context.Context, batches chan<- importedItems) error {
	twice := load.NewTwice()
	var batch importedItems
	send := func() error {
		select {
		case batches <- batch:
			batch = nil
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for {
		item, err := i.file.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", i.cmd.File, err)
		}
		if keep, err := i.look(&item, twice); err != nil {
			return err
		} else if keep {
			batch = append(batch, item)
		}
		if len(batch) == importBatch {
			if err := send(); err != nil {
				return err
			}
		}
	}
	if len(batch) == 0 {
		return nil
	}
	return send()
}

// look counts a record, and reports whether it is to be handed over.
func (i *importing) look(item *load.Item, twice *load.Twice) (bool, error) {
	fault := item.Fault
	equal, also := false, []load.Also(nil)
	if fault == nil {
		equal, fault, also = twice.Row(item)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.rep.Rows++
	i.show()
	switch {
	case fault != nil:
		return false, i.reject(item, fault)
	case equal:
		i.rep.Unchanged++
		return false, nil
	}
	for _, a := range also {
		i.share(sharedRow{Line: item.Line, Address: a.Address, AlsoLine: a.Line, With: []string{}})
	}
	return true, nil
}

// share notes a shared address; the caller has the lock.
func (i *importing) share(s sharedRow) {
	i.rep.SharedCount++
	if len(i.rep.Shared) < 2*mostSharedRows {
		i.rep.Shared = append(i.rep.Shared, s)
	}
}

// reject notes a fault; the caller has the lock.
func (i *importing) reject(item *load.Item, fault *load.Fault) error {
	i.rep.Rejected = append(i.rep.Rejected, *fault)
	if i.cmd.DryRun {
		return nil
	}
	return i.rejected.Add(i.file, item, fault)
}

func (i *importing) show() {
	if i.rep.Rows%1000 == 0 && i.file.Size > 0 {
		i.bar.show("importing "+number(float64(i.rep.Rows))+" rows", int(100*i.file.Done()/i.file.Size), 100)
	}
}

// take hands a batch over. It is ended even where everything else is told to.
func (i *importing) take(ctx context.Context, batch importedItems) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	rows := make([]customers.Row, len(batch))
	for n := range batch {
		rows[n] = *batch[n].Row
	}
	got, err := i.rows(context.WithoutCancel(ctx), rowBatch{Rows: rows, Dry: i.cmd.DryRun, Again: i.cmd.Again})
	i.mu.Lock()
	defer i.mu.Unlock()
	if err != nil {
		if got != nil {
			i.rep.Loaded += got.Loaded
		}
		return err
	}
	i.rep.Loaded += got.Loaded
	i.rep.Unchanged += got.Unchanged
	for _, s := range got.Shared {
		i.share(sharedRow{Line: batch[s.At].Line, Address: s.Address, With: s.With})
	}
	for _, b := range got.Before {
		if i.rep.ErasedCount++; len(i.rep.Erased) < 2*mostSharedRows {
			i.rep.Erased = append(i.rep.Erased, erasedRow{Line: batch[b.At].Line, ErasedAt: b.ErasedAt, Loaded: b.Loaded})
		}
	}
	for _, r := range got.Rejected {
		item := &batch[r.At]
		if err := i.reject(item, &load.Fault{Line: item.Line, Column: r.Column, Reason: r.Reason}); err != nil {
			return err
		}
	}
	return nil
}
