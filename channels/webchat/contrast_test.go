package webchat

import (
	"math"
	"regexp"
	"strconv"
	"testing"
)

// TestContrast holds the widget's colours to 4.5 to 1 (WCAG 2.2, 1.4.3).
func TestContrast(t *testing.T) {
	light := palette(regexp.MustCompile(`:host\{([^}]*)\}`).FindString(chatCSS))
	dark := palette(regexp.MustCompile(`:host\(\[data-theme=dark\]\)\{([^}]*)\}`).FindString(chatCSS))
	auto := palette(regexp.MustCompile(`:host\(:not\(\[data-theme=light\]\)\)\{([^}]*)\}`).FindString(chatCSS))
	if len(light) < 8 || len(dark) < 6 {
		t.Fatalf("found %v and %v", light, dark)
	}
	for name, value := range dark {
		if auto[name] != value {
			t.Errorf("%s is %s by choice and %s by the device", name, value, auto[name])
		}
	}
	for name, value := range light { // what dark leaves as it is
		if dark[name] == "" {
			dark[name] = value
		}
	}
	for mode, colours := range map[string]map[string]string{"light": light, "dark": dark} {
		for _, pair := range [][2]string{
			{"ink", "bg"}, {"ink", "theirs"}, {"soft", "bg"}, {"on-accent", "accent"}, {"link", "theirs"}, {"link", "bg"}, {"warn", "warnbg"}, {"bad", "bg"},
		} {
			if got := contrast(t, colours[pair[0]], colours[pair[1]]); got < 4.5 {
				t.Errorf("%s: %s on %s has %.2f, want 4.5", mode, pair[0], pair[1], got)
			}
		}
	}
}

func palette(rule string) map[string]string {
	out := map[string]string{}
	for _, m := range regexp.MustCompile(`--([a-z-]+):#([0-9a-f]{6}|[0-9a-f]{3})\b`).FindAllStringSubmatch(rule, -1) {
		c := m[2]
		if len(c) == 3 {
			c = string([]byte{c[0], c[0], c[1], c[1], c[2], c[2]})
		}
		out[m[1]] = c
	}
	return out
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	if len(colour) != 6 {
		t.Fatalf("no colour: %q", colour)
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(colour[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.03928 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
