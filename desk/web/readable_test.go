//go:build browser

package web

import (
	"testing"

	"stagecoach/desk/web/browsertest"
)

// beyond gives elements that stick out of the window sideways and are not in a
// frame that scrolls or cuts them.
const beyond = `[...document.querySelectorAll("body, body *")].filter((el) => {
	if (!el.checkVisibility() || el.closest(".sr, .skip")) return false;
	const r = el.getBoundingClientRect();
	if (r.right <= innerWidth + 1 && r.left >= -1) return false;
	for (let p = el.parentElement; p; p = p.parentElement) {
		if (getComputedStyle(p).overflowX !== "visible" && p.getBoundingClientRect().right <= innerWidth + 1) return false;
	}
	return true;
}).slice(0, 3).map((el) => el.tagName + "." + el.className)`

// TestBrowserEveryPageIsReadable opens every page in every state: nothing may make it
// scroll sideways in any width, and every text must stand out in both themes.
func TestBrowserEveryPageIsReadable(t *testing.T) {
	_, page, url := open(t, "/")
	for _, s := range gallery() {
		page.Open(url + "/shot/" + s.Name)
		for _, width := range []int{320, 390, 800, 1280} {
			page.Size(width, 800)
			var wide []string
			page.Eval(beyond, &wide)
			if len(wide) > 0 {
				t.Errorf("%s at %d: beyond the edge: %v", s.Name, width, wide)
			}
		}
		for _, theme := range []string{"light", "dark"} {
			page.Eval(`document.documentElement.dataset.theme = "`+theme+`"; document.getAnimations().forEach((a) => a.finish())`, nil)
			var bad []string
			page.Eval(browsertest.Contrast, &bad)
			for _, b := range bad {
				t.Errorf("%s, %s: %s", s.Name, theme, b)
			}
		}
	}
}

// TestBrowserBarFits has the bar of pages show everything that it can, in every width
// of a window: no part may lie over another one or stick out.
func TestBrowserBarFits(t *testing.T) {
	s, page, url := open(t, "/")
	s.change(func() {
		s.page.Desk.Mine, s.page.Desk.Review, s.page.Desk.Thanks = cards(120), 348, 27
		s.page.Desk.Me.Name = "Maximiliane von und zu Oberhausen-Schwarzenberg"
	})
	page.Open(url + "/overview")
	for _, width := range []int{320, 390, 760, 761, 800, 900, 1060, 1061, 1100, 1270, 1271, 1920} {
		page.Size(width, 800)
		var over []string
		page.Eval(`(() => {
			const parts = [...document.querySelectorAll(".brand, .nav > *, .topend > *")].filter((el) => el.checkVisibility());
			const box = (el) => el.getBoundingClientRect(), name = (el) => el.className || el.textContent.trim();
			return parts.flatMap((a, i) => [
				...box(a).right > document.documentElement.clientWidth + 1 ? [name(a) + " sticks out"] : [],
				...parts.slice(i + 1).filter((b) => box(a).left < box(b).right - 1 && box(b).left < box(a).right - 1 && box(a).top < box(b).bottom - 1 && box(b).top < box(a).bottom - 1)
					.map((b) => name(a) + " and " + name(b)),
			]);
		})()`, &over)
		for _, o := range over {
			t.Errorf("at %d: %s", width, o)
		}
	}
}
