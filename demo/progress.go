package demo

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// meter shows how far it has come.
type meter interface {
	set(done int)
	finish()
}

// newMeter gives a progress bar on a terminal, and nothing elsewhere.
func newMeter(w io.Writer, total int) meter {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return dark{}
	}
	return &lit{bar: progressbar.NewOptions(total,
		progressbar.OptionSetWriter(w), progressbar.OptionSetDescription("contacts"), progressbar.OptionShowCount(),
		progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetPredictTime(true), progressbar.OptionSetElapsedTime(true),
	), total: total}
}

type lit struct {
	bar   *progressbar.ProgressBar
	total int
}

func (m *lit) set(done int) { _ = m.bar.Set(min(done, m.total)) } // only for show
func (m *lit) finish()      { _ = m.bar.Finish() }

type dark struct{}

func (dark) set(int) {}
func (dark) finish() {}
