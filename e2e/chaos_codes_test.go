//go:build chaos

package e2e

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// texting is an office that is reached by short message: the example of an adapter in
// another language, a process of its own.
type texting struct {
	*office
	folder string
}

const texter = "+4930123456"

func newTexting(t *testing.T) *texting {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("STAGECOACH_RIG") == "1" {
			t.Fatal(err)
		}
		t.Skip("there is no python3")
	}
	x := &texting{office: &office{daemon: newDaemon(t)}}
	root := filepath.Dir(x.config)
	x.folder = filepath.Join(root, "sms")
	const secret = "the secret of a folder of short messages"
	gate := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	config := fmt.Sprintf("version: 1\nhttp: {listen: %q, customer_url: %q}\nnats: {listen: %q, plain: true}\nchannels:\n  remote:\n    - {name: folder, channel: sms, secret_file: sms.secret}\n",
		strings.TrimPrefix(x.url, "http://"), x.url, gate)
	for file, text := range map[string]string{x.config: config, filepath.Join(root, "sms.secret"): secret} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	adapter := exec.CommandContext(t.Context(), python, filepath.Join("..", "examples", "adapter-folder", "adapter.py"), "nats://"+gate, "sms/folder", x.folder)
	adapter.Env = append(os.Environ(), "STAGECOACH_ADAPTER_SECRET="+secret)
	if err := adapter.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = adapter.Process.Kill()
		_ = adapter.Wait()
	})
	x.start("")
	x.untilUp("sms/folder")
	return x
}

// again kills the daemon and starts it anew.
func (x *texting) again() {
	x.t.Helper()
	x.kill()
	x.start("")
	x.untilUp("sms/folder")
}

// writes moves a short message in.
func (x *texting) writes(text string) {
	x.t.Helper()
	draft := filepath.Join(x.folder, "draft")
	if err := os.WriteFile(draft, []byte(texter+"\n"+text), 0o600); err != nil {
		x.t.Fatal(err)
	}
	if err := os.Rename(draft, filepath.Join(x.folder, "in", "m1")); err != nil {
		x.t.Fatal(err)
	}
}

// got waits for n short messages to the customer that hold something, and gives them.
func (x *texting) got(what *regexp.Regexp, n int) (found []string) {
	x.t.Helper()
	eventually(x.t, patience, words("%d short messages with %s", n, what), func() bool {
		files, err := filepath.Glob(filepath.Join(x.folder, "out", "*"))
		if err != nil {
			x.t.Fatal(err)
		}
		found = nil
		for _, file := range files {
			text, err := os.ReadFile(file)
			to, said, _ := strings.Cut(string(text), "\n")
			if err != nil || to != texter {
				x.t.Fatalf("%s is to %q, %v", file, to, err)
			}
			if one := what.FindString(said); one != "" {
				found = append(found, one)
			}
		}
		return len(found) >= n
	})
	return found
}

var codeText = regexp.MustCompile(`is \d{6}\.`)

// codes gives the codes that were sent so far.
func (x *texting) codes(n int) map[string]bool {
	all := map[string]bool{}
	for _, one := range x.got(codeText, n) {
		all[strings.Trim(one, "is .")] = true
	}
	return all
}

// TestChaosCodesByShortMessage has a customer who wrote by SMS open their page with a code
// that comes by SMS, while the daemon is killed: that gives nobody more tries, nor more
// codes, and takes no code from whoever has it.
func TestChaosCodesByShortMessage(t *testing.T) {
	x := newTexting(t)
	x.open()
	anna := x.hire("Anna")
	x.writes("Hello, where is my unmistakable order? I have been waiting for a week.")
	anna.answer(t, anna.takeAny(t), "It comes tomorrow.")
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	page := &ownPage{t: t, http: &http.Client{Jar: jar}, link: x.got(pageLink, 1)[0]}
	says := func(body, want string) {
		t.Helper()
		if !strings.Contains(body, want) || strings.Contains(body, "unmistakable") {
			t.Errorf("not %q, or too much, in\n%s", want, body)
		}
	}
	says(page.do(http.MethodPost, "/code", nil), "A code is on its way to SMS •••56")
	seen := x.codes(1)
	right := only(seen)
	wrong := "111111"
	if right == wrong {
		wrong = "222222"
	}
	for n := range 5 {
		want := "That is not the code"
		if n == 4 {
			want = "used any more"
		}
		says(page.do(http.MethodPost, "/enter", url.Values{"code": {wrong}}), want)
		if n == 1 || n == 3 {
			x.again()
		}
	}
	says(page.do(http.MethodPost, "/enter", url.Values{"code": {right}}), "used any more")
	last := ""
	for n := range 4 {
		if n == 2 {
			x.again()
		}
		says(page.do(http.MethodPost, "/code", nil), "A code is on its way")
		for code := range x.codes(n + 2) {
			if !seen[code] {
				last = code
			}
			seen[code] = true
		}
	}
	x.again()
	says(page.do(http.MethodPost, "/code", nil), "Too many codes")
	body := page.do(http.MethodPost, "/enter", url.Values{"code": {last}})
	x.again() // whoever is let in stays so
	for _, body := range []string{body, page.do(http.MethodGet, "", nil)} {
		if !strings.Contains(body, "unmistakable") || !strings.Contains(body, "It comes tomorrow.") {
			t.Errorf("with the code %s the page says\n%s", last, body)
		}
	}
	if a := x.audit(); len(a.Gaps) != 0 {
		t.Errorf("gaps: %+v", a.Gaps)
	}
}

func only(all map[string]bool) (one string) {
	for one = range all {
		break
	}
	return one
}
