package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"stagecoach/fault"
)

// outposts is an office whose channels run as processes of their own.
type outposts struct {
	*square
	gate  string
	posts map[*line]*outpost
}

// outpost is `stagecoach adapter` as a process, which can end and be started
// again.
type outpost struct {
	args  []string
	log   string
	cmd   *exec.Cmd
	ended chan struct{}
}

func newOutposts(t *testing.T) *outposts {
	t.Helper()
	o := &outposts{square: &square{office: &office{daemon: newDaemon(t)}}, posts: map[*line]*outpost{}}
	o.lines = []*line{o.fedi(), o.team()}
	o.gate = fmt.Sprintf("127.0.0.1:%d", freePort(t))
	dir := filepath.Dir(o.config)
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cert, key := certificate(t)
	ca := write("gate.pem", cert)
	write("gate.key", key)
	text := fmt.Sprintf("version: 1\nhttp: {listen: %q}\nnats: {listen: %q, tls: {cert: gate.pem, key: gate.key}}\nchannels:\n  remote:\n", strings.TrimPrefix(o.url, "http://"), o.gate)
	for _, l := range o.lines {
		l.account = sameAccount
		text += fmt.Sprintf("    - {name: %s, channel: %s, secret_file: %s.gate}\n", l.account, l.channel, l.channel)
		secret := write(l.channel+".gate", "the secret of "+l.name())
		for file, value := range l.secrets {
			write(file, value)
		}
		config := write(l.channel+".yaml", fmt.Sprintf("version: 1\nchannels:\n  %s:\n    - {name: %s, %s}\n", l.channel, l.account, l.settings))
		p := &outpost{log: filepath.Join(dir, l.channel+".log"), args: []string{
			"adapter", l.name(), "--nats", "tls://" + o.gate, "--ca", ca, "--secret-file", secret, "--config", config,
		}}
		o.posts[l] = p
		t.Cleanup(func() {
			p.kill()
			if said, err := os.ReadFile(p.log); err == nil && t.Failed() {
				t.Logf("the adapter of %s said at last:\n%s", l.name(), said[max(0, len(said)-4000):])
			}
		})
	}
	write(filepath.Base(o.config), text)
	return o
}

// certificate makes one for this machine, with its key.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "stagecoach"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &own.PublicKey, own)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
}

// man starts an adapter's process, with a fault point armed unless it is "".
func (o *outposts) man(l *line, point string) {
	o.t.Helper()
	p := o.posts[l]
	log, err := os.OpenFile(p.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		o.t.Fatal(err)
	}
	defer log.Close()
	fmt.Fprintf(log, "--- another life %s\n", point)
	p.cmd = exec.Command(o.bin, p.args...)
	p.cmd.Env = append(os.Environ(), fault.Env+"="+point)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		o.t.Fatal(err)
	}
	p.ended = make(chan struct{})
	go func(cmd *exec.Cmd, ended chan struct{}) {
		_ = cmd.Wait() // ProcessState has all that is asked
		close(ended)
	}(p.cmd, p.ended)
}

func (p *outpost) running() bool {
	if p.cmd == nil {
		return false
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// kill ends the process by SIGKILL, and returns when it's gone.
func (p *outpost) kill() {
	if p.running() {
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// names lists the accounts.
func (o *outposts) names() (all []string) {
	for _, l := range o.lines {
		all = append(all, l.name())
	}
	return all
}

// serveAll starts whatever doesn't run, and waits until all work.
func (o *outposts) serveAll() {
	o.t.Helper()
	if !o.running() {
		o.start("")
	}
	for _, l := range o.lines {
		if !o.posts[l].running() {
			o.man(l, "")
		}
	}
	o.untilUp(o.names()...)
}

// answerAll has agents answer everybody, and a person settle what is in doubt.
func (o *outposts) answerAll(agents int) (stop func()) {
	ctx, cancel := context.WithCancel(o.t.Context())
	var beside sync.WaitGroup
	for i := range agents {
		agent := o.hire(fmt.Sprintf("Agent%d", i))
		beside.Go(func() { answerOn(ctx, agent) })
	}
	beside.Go(func() { o.settleOutposts(ctx) })
	return sync.OnceFunc(func() {
		cancel()
		beside.Wait()
	})
}

// answerOn accepts whatever is offered and answers it, and tries again with the
// same ids when the daemon doesn't answer.
func answerOn(ctx context.Context, agent *client) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	replies, beat := map[string]map[string]any{}, time.Time{}
	for ctx.Err() == nil {
		if time.Since(beat) > 10*time.Second && agent.do(ctx, "POST", "/api/heartbeat", nil, nil) == nil {
			beat = time.Now()
		}
		var d desk
		_ = agent.do(ctx, "GET", "/api/desk", nil, &d) // down: nothing is offered
		for _, f := range d.Offers {
			_ = agent.do(ctx, "POST", "/api/offers/"+f.ID+"/accept", map[string]any{"command_id": "accept-" + f.ID}, nil)
		}
		for _, c := range d.Mine {
			if replies[c.Contact] == nil && c.State == "assigned" {
				var v conversation
				if agent.do(ctx, "GET", "/api/conversations/"+c.Conversation, nil, &v) != nil {
					continue
				}
				replies[c.Contact] = map[string]any{"reply_id": newUUID(), "text": "An answer to " + c.Contact + ".", "covers": v.Covers}
			}
			if c.State == "assigned" {
				_ = agent.do(ctx, "POST", "/api/contacts/"+c.Contact+"/reply", replies[c.Contact], nil)
			}
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// settleOutposts is the person who looks after replies in doubt.
func (o *outposts) settleOutposts(ctx context.Context) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	seen := map[string]int{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var v overview
		if o.boss.do(ctx, "GET", "/api/overview", nil, &v) != nil {
			continue // down
		}
		for _, it := range v.Doubtful {
			if seen[it.ID]++; seen[it.ID] < 20 {
				continue // a process that is there may know
			}
			outcome := "again"
			for _, l := range o.lines {
				for _, texts := range l.answers() {
					if it.Text != "" && strings.Contains(strings.Join(texts, "\n"), strings.TrimSpace(it.Text)) {
						outcome = "delivered"
					}
				}
			}
			o.t.Logf("reply %s is in doubt: %s", it.ID, outcome)
			_ = o.boss.do(ctx, "POST", "/api/replies/"+it.ID+"/resolve", map[string]any{"outcome": outcome, "command_id": "settle-" + it.ID + newUUID()}, nil)
		}
	}
}

// untilAnswered waits until nobody waits, and counts the answers: one each.
func (o *outposts) untilAnswered(places map[*line][]string) {
	o.t.Helper()
	all := 0
	for _, p := range places {
		all += len(p)
	}
	var now summary
	eventually(o.t, 3*time.Minute, func() string { return fmt.Sprintf("%d to be answered, is %+v", all, now) }, func() bool {
		if err := o.boss.do(o.t.Context(), "GET", "/api/summary", nil, &now); err != nil {
			return false
		}
		return now.Open == 0 && now.Messages >= all && now.Replied >= all
	})
	for _, l := range o.lines {
		answers := l.answers()
		for i, place := range places[l] {
			if len(answers[place]) != 1 || !strings.Contains(answers[place][0], "An answer to ") {
				o.t.Errorf("%s: customer %d got %q", l.name(), i, answers[place])
			}
		}
	}
	for _, words := range o.complaints() {
		o.t.Errorf("a provider complains: %s", words)
	}
	if a := o.audit().Summary; a.Messages != all || a.Replied != all || a.Quarantined != 0 {
		o.t.Errorf("audited %+v, %d have written", a, all)
	}
}

// TestAdaptersElsewhere has customers answered by way of adapters in processes of
// their own, which are killed, and so is the daemon.
func TestAdaptersElsewhere(t *testing.T) {
	o := newOutposts(t)
	o.serveAll()
	o.open()
	code, out, errs := o.run("check", "--config", o.config, "--data", o.dir, "--connect")
	if code != 0 || strings.Count(out, "an adapter process is connected: stagecoach") != len(o.lines) {
		t.Errorf("check --connect ended with %d:\n%s%s", code, out, errs)
	}
	defer o.answerAll(2)()
	places := map[*line][]string{}
	written := 0
	write := func() {
		for _, l := range o.lines {
			places[l] = append(places[l], l.write(written, "Where is my order? 🚚"))
		}
		written++
	}
	write()
	for _, l := range o.lines {
		o.posts[l].kill()
	}
	write()
	eventually(t, patience, words("the missing adapters to be told"), func() bool {
		r, err := o.readiness()
		return err == nil && strings.Contains(r.Parts[o.lines[0].name()], "adapter") && strings.Contains(r.Parts[o.lines[1].name()], "adapter")
	})
	o.serveAll()
	o.kill()
	write()
	o.serveAll()
	o.untilAnswered(places)
	for _, l := range o.lines {
		p := o.posts[l]
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		select {
		case <-p.ended:
		case <-time.After(patience):
			t.Fatalf("the adapter of %s didn't end after SIGTERM", l.name())
		}
		if code := p.cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("the adapter of %s ended with %s", l.name(), p.cmd.ProcessState)
		}
		if said, err := os.ReadFile(p.log); err != nil || strings.Contains(string(said), "secret of") {
			t.Errorf("the log of %s shows a secret (%v)", l.name(), err)
		}
	}
}
