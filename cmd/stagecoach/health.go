package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"stagecoach/router"
)

func randomID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

// setupToken gives the secret of the one-time set-up link. It is kept, so that
// a restart before the first account leaves the link valid.
func setupToken(dir string) (string, error) {
	path := filepath.Join(dir, "setup-token")
	data, err := os.ReadFile(path) //nolint:gosec // the data directory's own file
	if err == nil && len(strings.TrimSpace(string(data))) >= 32 {
		return strings.TrimSpace(string(data)), nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("reading the set-up token: %w", err)
	}
	var b [24]byte
	_, _ = rand.Read(b[:])
	token := base64.RawURLEncoding.EncodeToString(b[:])
	if err := os.WriteFile(path, []byte(token+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("writing the set-up token: %w", err)
	}
	return token, nil
}

// Ready implements desk.Health: the daemon is ready when the router is active
// and every channel is connected; each part that isn't says why.
func (d *Daemon) Ready(ctx context.Context) (bool, map[string]string) {
	parts := map[string]string{"router": "", "journal": "", "disk": ""}
	if !d.engine.Metrics().Active.Load() {
		parts["router"] = "not active: the log is being replayed, or another router has it"
	}
	if err := d.journal.Healthy(ctx); err != nil {
		parts["journal"] = err.Error()
	}
	if ok, free, reserve, err := d.journal.FreeReserve(); err != nil { //nolint:contextcheck // looks at the local disk only
		parts["disk"] = err.Error()
	} else if !ok {
		parts["disk"] = fmt.Sprintf("%d MiB are free, %d MiB are kept for replies: nothing new is taken in until there is room", free>>20, reserve>>20)
	}
	for _, s := range d.links.States() {
		trouble := s.Trouble
		switch {
		case s.OK:
			trouble = "" // a notice at most
		case trouble == "":
			trouble = "not connected yet"
		}
		parts[string(s.Channel)+"/"+s.Account] = trouble
	}
	if why := d.stale.Load(); why != nil {
		parts["configuration"] = *why
	}
	if why := d.stranded(ctx); why != "" {
		parts["replies"] = why
	}
	for _, why := range parts {
		if why != "" {
			return false, parts
		}
	}
	return true, parts
}

// Warnings implements desk.Health: what somebody must see to, while the work is done.
func (d *Daemon) Warnings() []string {
	out := []string{}
	if why := d.keeper.bad.Load(); why != nil {
		out = append(out, "the policy directory was not taken up, the policy set goes on deciding that did before: "+*why)
	}
	if asked := d.crm.Load(); asked != nil {
		if s := asked.client.Status(); s.Down || s.Paused {
			out = append(out, "the CRM can't be asked, what it said of customers last counts and is marked as stale: "+s.Trouble)
		}
	}
	if d.rights != nil {
		out = append(out, d.rights.warnings()...)
	}
	return out
}

// stranded says which replies wait for an account that is configured no more.
func (d *Daemon) stranded(ctx context.Context) string {
	waiting := map[string]int{}
	if err := d.engine.View(ctx, func(s *router.State) {
		for id := range s.Unsent() {
			r := s.Replies[id]
			waiting[string(r.Channel)+"/"+r.Account]++
		}
	}); err != nil {
		return ""
	}
	for _, k := range d.links.list() {
		if k.adapter.Sender != nil {
			delete(waiting, string(k.adapter.Channel)+"/"+k.adapter.Account)
		}
	}
	var words []string
	for _, account := range slices.Sorted(maps.Keys(waiting)) {
		words = append(words, fmt.Sprintf("%d for %s", waiting[account], account))
	}
	if len(words) == 0 {
		return ""
	}
	return "replies wait for accounts that can't send or are configured no more: " + strings.Join(words, ", ")
}

// metricsHandler answers /metrics from a registry of its own.
func (d *Daemon) metricsHandler() http.Handler {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &gauges{d: d})
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{Timeout: 5 * time.Second})
}

// gauges reads the router's state when it is asked.
type gauges struct{ d *Daemon }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("stagecoach_"+name, help, labels, nil)
}

// Describe implements prometheus.Collector: the metrics are made when asked.
func (*gauges) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (g *gauges) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	count := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	m := g.d.engine.Metrics()
	count(desc("commits_total", "Commits appended to the log."), float64(m.Commits.Load()))
	count(desc("events_total", "Events appended to the log."), float64(m.Events.Load()))
	count(desc("commit_seconds_total", "Time spent appending commits."), float64(m.CommitNanos.Load())/1e9)
	gauge(desc("commit_last_seconds", "How long the last append took."), float64(m.LastCommit.Load())/1e9)
	if client := g.d.classifier.Load(); client != nil {
		s := client.Status()
		classified := desc("classifier_messages_total", "Messages that the external classifier was asked about, by what came of it.", "outcome")
		count(classified, float64(s.Answered), "answered")
		for trouble, n := range s.Troubles {
			count(classified, float64(n), string(trouble))
		}
	}
	if asked := g.d.crm.Load(); asked != nil {
		s := asked.client.Status()
		questions := desc("crm_questions_total", "Customers whom the CRM was asked about, by what came of it.", "outcome")
		count(questions, float64(s.Found), "found")
		count(questions, float64(s.Unknown), "unknown")
		count(questions, float64(s.Failed), "failed")
	}
	count(desc("customer_records_spoilt_total", "Times that a customer's record could not be read or written and was passed over."), float64(g.d.spoilt.n.Load()))
	if g.d.portal != nil {
		count(desc("customer_page_failures_total", "Times that a customer's page could not do what was asked, and said so."), float64(g.d.portal.Troubles()))
	}
	for _, s := range g.d.links.States() {
		labels := []string{string(s.Channel), s.Account}
		gauge(desc("source_lag_seconds", "How long ago the source was last known to be read to its end.", "channel", "account"), s.LagSeconds, labels...)
		count(desc("send_failures_total", "Failed attempts at sending.", "channel", "account"), float64(s.SendFailures), labels...)
		up := 0.0
		if s.OK {
			up = 1
		}
		gauge(desc("channel_up", "1 while the channel is connected.", "channel", "account"), up, labels...)
	}
	var w router.Figures
	if err := g.d.engine.View(ctx, func(s *router.State) { w = s.Figures() }); err != nil {
		return
	}
	now := time.Now()
	if !w.Oldest.IsZero() {
		gauge(desc("oldest_unanswered_seconds", "Age of the oldest contact without a reply."), now.Sub(w.Oldest).Seconds())
	}
	if !w.NextDue.IsZero() {
		gauge(desc("next_breach_seconds", "Seconds until the next promise is missed; negative when one is."), w.NextDue.Sub(now).Seconds())
	}
	for state, n := range w.States {
		gauge(desc("contacts", "Open contacts by state.", "state"), float64(n), string(state))
	}
	gauge(desc("warnings", "What somebody must see to though all work is done: /healthz names it."), float64(len(g.d.Warnings())))
	gauge(desc("offers", "Offers that stand."), float64(w.Offers))
	gauge(desc("replies_in_doubt", "Replies of which nobody knows whether they arrived."), float64(w.InDoubt))
	gauge(desc("replies_unsent", "Replies queued or being attempted."), float64(w.Unsent))
	gauge(desc("alarmed", "Contacts at risk or late that nobody holds."), float64(w.Alarmed))
	for name, q := range w.Queues {
		gauge(desc("queue_contacts", "Open contacts by queue.", "queue"), float64(q), name)
	}
}
